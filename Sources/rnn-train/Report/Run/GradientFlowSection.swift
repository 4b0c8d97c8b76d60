import Compute
import Configuration
import Datasets
import Presentation
import Training

extension ReportSection {
  /// States with a map of their own: a page with all those of a deep network would be large.
  private static let mapLimit = 4

  /// How far gradients reach through time, as `inspect --gradient-flow` measures it with its usual settings.
  static func gradientFlow(of subject: ReportSubject, _ configuration: RunConfiguration) throws -> ReportSection {
    let (split, tokens, dataset) = try subject.split([.validation, .train], "gradients flow on one of them")
    let minibatches = try configuration.task.examples(
      of: tokens, forms: dataset.forms, for: subject.model, ExampleExtent())
    let flow = GradientFlow.measure(subject.model.parameters, minibatches, workers: subject.workers)
    let bptt = configuration.task.window(configuration.training)
    let introduction =
      "The norm of the gradient of the loss at timestep t by a state at timestep k, on \(Format.count(flow.sequences)) "
      + "sequences of the \(split.rawValue) split: h is a layer’s hidden state, c its cell state."
    var section = ReportSection(
      "How far gradients reach", paragraphs: [introduction, GradientFlowAdvice(flow, bptt: bptt).text])
    let pictures = GradientFlowPictures(flow, bptt: bptt)
    section.panels = [.figure(Figure("Gradient by distance in time", pictures.curve))]
    // Cell states come behind hidden states in what a reader looks for.
    section.panels += pictures.maps.filter { $0.state.hasPrefix("h") }.prefix(mapLimit).map { state, map in
      .figure(Figure("From t back to k: \(state)", map))
    }
    return section
  }
}
