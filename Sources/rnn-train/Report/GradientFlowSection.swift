import Compute
import Datasets
import Training

/// How far gradients reach through time, as `inspect --gradient-flow` measures it with its usual settings.
struct GradientFlowSection {
  let introduction: String
  let advice: String
  let curve: ReportPage.Figure
  let maps: [ReportPage.Figure]

  /// States with a map of their own: a page with all those of a deep network would be large.
  private static let mapLimit = 4

  init(_ checkpoint: Checkpoint, file: String, kernels: Kernels, workers: Workers, _ console: Console) throws {
    let (split, tokens, forms) = try checkpoint.split(
      [.validation, .train], file: file, remedy: "gradients flow on one of them", console)
    let flow = try GradientFlow.measure(
      checkpoint, file: file, split: tokens, forms: forms, settings: GradientFlow.Settings(), workers: workers,
      kernels: kernels)
    introduction =
      "The norm of the gradient of the loss at timestep t by a state at timestep k, on \(Format.count(flow.sequences)) "
      + "sequences of the \(split.rawValue) split: h is a layer’s hidden state, c an LSTM’s cell state."
    let bptt = checkpoint.windowTimesteps
    advice = GradientFlowInspection(flow, checkpoint: file, split: split.rawValue, bptt: bptt).advice
    let pictures = GradientFlowPictures(flow, bptt: bptt)
    curve = ReportPage.Figure("Gradient by distance in time", pictures.curve)
    // The cell states of an LSTM come behind its hidden states in what a reader looks for.
    maps = pictures.maps.filter { $0.state.hasPrefix("h") }.prefix(Self.mapLimit).map { state, map in
      ReportPage.Figure("From t back to k: \(state)", map)
    }
  }
}
