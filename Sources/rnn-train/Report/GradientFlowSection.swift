import Compute
import Datasets
import Plots
import Training

/// How far gradients reach through time, as `inspect --gradient-flow` measures it with its usual settings.
struct GradientFlowSection {
  let introduction: String
  let advice: String
  let curve: ReportPage.Figure
  let maps: [ReportPage.Figure]

  private static let norm = "‖∂L(t)/∂s(k)‖ (nats)"

  /// States with a map of their own: a page with all those of a deep network would be large.
  private static let mapLimit = 4

  init(_ checkpoint: Checkpoint, file: String, kernels: Kernels, workers: Workers, _ console: Console) throws {
    let (split, tokens, forms) = try checkpoint.split(
      [.validation, .train], file: file, remedy: "gradients flow on one of them", console)
    let flow = try GradientFlow.measure(
      checkpoint, file: file, split: tokens, forms: forms, settings: GradientFlow.Settings(), workers: workers,
      kernels: kernels)
    let configuration = checkpoint.configuration
    introduction =
      "The norm of the gradient of the loss at timestep t by a state at timestep k, on \(Format.count(flow.sequences)) "
      + "sequences of the \(split.rawValue) split: h is a layer’s hidden state, c an LSTM’s cell state."
    advice =
      GradientFlowInspection(flow, checkpoint: file, split: split.rawValue, configuration: configuration).advice
    let bptt = configuration.task == .languageModel ? configuration.training.bptt : nil
    curve = Self.curve(of: flow, bptt: bptt)
    // The cell states of an LSTM come behind its hidden states in what a reader looks for.
    maps = (flow.states.filter { $0.name.hasPrefix("h") }).prefix(Self.mapLimit).map(Self.map)
  }

  private static func curve(of flow: GradientFlow, bptt: Int?) -> ReportPage.Figure {
    let series = flow.states.map { state in
      Series(state.name, points: state.curve.map { Series.Point(Double($0.lag), $0.norm) })
    }
    let ends = flow.states.compactMap { state in
      state.curve.last.map {
        "\(state.name): \(Format.significant(state.direct, 3)) at lag 0, "
          + "\(Format.significant($0.norm, 3)) at lag \($0.lag)."
      }
    }
    let plot = Plot(
      title: "Gradient by distance in time", description: ends.joined(separator: " "),
      x: Axis("distance t − k (timesteps)", isWhole: true), y: Axis(norm, scale: .logarithmic), series: series,
      markers: bptt.flatMap { $0 < flow.timesteps ? Marker(Double($0), label: "bptt \($0)") : nil }.map { [$0] } ?? [])
    return ReportPage.Figure("Gradient by distance in time", plot)
  }

  private static func map(of state: GradientFlow.State) -> ReportPage.Figure {
    // Where nothing can flow there is no cell.
    let rows = state.norms.map { $0.map { $0 > 0 ? $0 : nil } }
    let map = HeatMap(
      title: "Gradient from t to k, \(state.name)",
      description: "Each row is the loss at a timestep t, each column the state \(state.name) at a timestep k.",
      x: Axis("state at timestep k"), y: Axis("loss at timestep t"), color: Axis(norm, scale: .logarithmic), rows: rows)
    return ReportPage.Figure("From t back to k: \(state.name)", map)
  }
}
