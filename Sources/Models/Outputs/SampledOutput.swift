import Compute

/// The output layer of a softmax over all classes, trained on a sample of them (see `Candidates`): the parameters are those of
/// `SoftmaxOutput`, which evaluates them.
///
/// The losses of training are those of the sample, not of the distribution over all classes.
final class SampledOutput: OutputLayer {
  private let candidates: Candidates
  private let sampled: SoftmaxOutput
  private let full: SoftmaxOutput
  /// Of whichever of the two ran last.
  private let losses: RowLosses

  init(_ context: OutputContext, samples: Int, _ gradients: Gradients) {
    let parameters = context.parameters
    guard let weight = gradients.rows("decoder.weight"), let bias = gradients.rows("decoder.bias") else {
      preconditionFailure("a sampled output layer has gradients by rows")
    }
    candidates = Candidates(
      context, weight: parameters.view("decoder.weight"), bias: parameters.view("decoder.bias").base, samples: samples,
      rows: weight.rows)
    losses = RowLosses(count: context.minibatch.timeline.capacity.rows)
    var training = context
    training.predicts = false
    sampled = SoftmaxOutput(
      training,
      SoftmaxOutput.Classes(
        weight: candidates.weight.view, bias: candidates.bias.base, weightGradient: weight.values,
        biasGradient: bias.values.base, targets: candidates.targets.base, candidates: candidates),
      losses: losses)
    var evaluation = context
    evaluation.inputGradient = nil
    full = SoftmaxOutput(
      evaluation,
      SoftmaxOutput.Classes(
        weight: parameters.view("decoder.weight"), bias: parameters.view("decoder.bias").base, weightGradient: nil,
        biasGradient: nil, targets: context.minibatch.targets),
      losses: losses)
  }

  func begin(step: Int) { candidates.step = step }

  func lossPhases() -> [Phase] { full.lossPhases() }

  func trainingPhases() -> [Phase] { candidates.phases + sampled.trainingPhases() }

  func loss(row: Int) -> Double { losses.base[row] }

  /// After `lossPhases`.
  func prediction(row: Int) -> Int32 { full.prediction(row: row) }

  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) { full.logits(row: row, into: result) }
}
