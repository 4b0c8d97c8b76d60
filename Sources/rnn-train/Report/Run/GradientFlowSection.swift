import Compute
import Configuration
import Datasets
import Presentation
import Training

extension ReportSection {
  /// How far gradients reach through time, as `inspect --gradient-flow` measures it with its usual settings.
  static func gradientFlow(of subject: ReportSubject, _ configuration: RunConfiguration) throws -> ReportSection {
    let (split, tokens, dataset) = try subject.split([.validation, .train], "gradients flow on one of them")
    let minibatches = try configuration.task.examples(
      of: tokens, forms: dataset.forms, for: subject.model, ExampleExtent())
    let flow = try GradientFlow.measure(subject.model.parameters, minibatches, workers: subject.workers)
    let bptt = configuration.task.window(configuration.training)
    let introduction =
      "The norm of the gradient of the loss at timestep t by a state at timestep k, on \(Format.count(flow.sequences)) "
      + "sequences of the \(split.rawValue) split: h is a layer’s hidden state, c its cell state. A weight gets a part of "
      + "its gradient from each pair of t and k; the sum of them all is what training follows."
    // The curves' names tell of the others.
    let decays = flow.states.prefix(4).map { "\($0.name): \(GradientDecay($0))." }.joined(separator: " ")
    var section = ReportSection(
      "How far gradients reach", paragraphs: [introduction, decays, GradientFlowAdvice(flow, bptt: bptt).text])
    let pictures = GradientFlowPictures([
      MeasuredFlow(name: "", checkpoint: "", split: split, flow: flow, bptt: bptt)
    ])
    section.panels = [.figure(Figure("Gradient by distance in time", pictures.curve))]
    for (kinds, title, limit) in maps {
      section.panels += pictures.maps.filter { kinds.contains($0.norms.kind) }.prefix(limit).map { norms, map in
        .figure(Figure("\(title): \(norms.name)", map))
      }
    }
    return section
  }

  /// Hidden states come first in what a reader looks for; a page with all maps of a deep network would be large.
  private static let maps: [(kinds: [GradientFlow.Kind], title: String, limit: Int)] = [
    ([.hiddenState], "From t back to k", 4), ([.cellState], "From t back to k", 2),
    ([.recurrentWeight], "What (t, k) adds to ∂L/∂W", 1), ([.inputWeight], "What (t, k) adds to ∂L/∂V", 1),
  ]
}
