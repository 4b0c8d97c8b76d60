import Compute
import Keys

/// One softmax over all classes, trained on the target and a sample of the others (Bengio and Senécal: Adaptive Importance
/// Sampling to Accelerate Training of a Neural Probabilistic Language Model, IEEE Transactions on Neural Networks 19, 2008).
package struct SampledSoftmax: OutputKind {
  /// Draws in a step; classes that are drawn more than once count once.
  package var samples: Int

  package init(samples: Int = 1000) { self.samples = samples }

  package var name: String { "sampled" }
  package var canTieEmbeddings: Bool { true }
  package var tiedGradientRows: GradientRows { .candidatesThenInputs(samples: samples) }
  package var samplesLoss: Bool { true }
  package var withWholeLoss: any OutputKind { Softmax() }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.value(
      "samples", &samples, .whole(1...1_000_000),
      "words drawn in each training step, log-uniformly; the training loss is over these, evaluation over all words")
  }

  package func multipliedClasses(of shape: ModelShape) -> Int { min(samples, shape.classes) }

  package func addParameters(
    of shape: ModelShape, named name: String, embedding: Parameter.Handle, to builder: inout LayoutBuilder
  ) -> any OutputParameters {
    let rows = GradientRows.candidates(samples: samples)
    let weight =
      shape.tiesEmbeddings
      ? embedding
      : builder.addOutputWeight(
        "\(name).weight", classes: shape.classes, inputs: shape.outputWidths, gradientRows: rows)
    return SampledParameters(
      samples: samples, weight: weight,
      bias: builder.addOutputBias(
        "\(name).bias", classes: shape.classes, inputs: shape.outputWidths, gradientRows: rows))
  }
}

/// The output layer of a softmax over all classes, trained on a sample of them (see `Candidates`): the parameters are those of
/// `SoftmaxOutput`, which evaluates them.
///
/// The losses of training are those of the sample, not of the distribution over all classes.
final class SampledOutput: OutputLayer {
  private let candidates: Candidates
  private let sampled: SoftmaxOutput
  private let full: SoftmaxOutput
  /// Where the candidates go as well: a tied embedding's rows, which get the inputs after them.
  private let tiedRows: RowSet?
  /// Of whichever of the two ran last.
  private let losses: Buffer<Double>

  init(_ context: OutputContext, _ handles: SampledParameters, _ gradients: Gradients) {
    guard let weight = gradients.rows(handles.weight), let bias = gradients.rows(handles.bias) else {
      preconditionFailure("a sampled output layer has gradients by rows")
    }
    let whole = (weight: context.parameters.view(handles.weight), bias: context.parameters.view(handles.bias))
    candidates = Candidates(context, whole.weight, whole.bias, samples: handles.samples, rows: bias.rows)
    tiedRows = weight.rows === bias.rows ? nil : weight.rows
    losses = Buffer(count: context.minibatch.timeline.capacity.rows, repeating: 0)
    var training = context
    training.predicts = false
    sampled = SoftmaxOutput(
      training,
      SoftmaxOutput.Classes(
        weight: candidates.weight.view, bias: candidates.bias.view, weightGradient: weight.values,
        biasGradient: bias.values, targets: candidates.targets, candidates: candidates),
      losses: losses)
    var evaluation = context
    evaluation.inputGradient = nil
    full = SoftmaxOutput(
      evaluation,
      SoftmaxOutput.Classes(
        weight: whole.weight, bias: whole.bias, weightGradient: nil, biasGradient: nil,
        targets: context.targets),
      losses: losses)
  }

  func lossPhases() -> [Phase] { full.lossPhases() }

  func trainingPhases() -> [Phase] { candidates.phases + tiedPhases + sampled.trainingPhases() }

  private var tiedPhases: [Phase] {
    guard let tiedRows else { return [] }
    return [Phase(.output, jobs: { 1 }) { [candidates] _ in tiedRows.replaceAll(by: candidates.rows) }]
  }

  func loss(row: Int) -> Double { losses[row] }

  /// After `lossPhases`.
  func prediction(row: Int) -> Int32 { full.prediction(row: row) }

  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) { full.logits(row: row, into: result) }
}

/// U [classes, hidden] and b [classes], whose gradients have the rows of a step's candidates.
struct SampledParameters: OutputParameters {
  let samples: Int
  let weight, bias: Parameter.Handle

  /// That over all classes.
  var distribution: Distribution { .softmax(weight: weight, bias: bias) }

  /// Without gradients a softmax over all classes.
  func makeLayer(_ context: OutputContext) -> any OutputLayer {
    guard let gradients = context.gradients else {
      return SoftmaxOutput(context, weight: weight, bias: bias, targets: context.targets)
    }
    return SampledOutput(context, self, gradients)
  }
}
