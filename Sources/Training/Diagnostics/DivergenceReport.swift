import Compute
import Datasets
import Files
import Models

/// What there is to look at when a step diverged: where in the network it begins, and the minibatch as text.
struct DivergenceReport {
  let model: ShardedModel
  let dataset: SequenceDataset
  let direction: ReadingDirection

  // MARK: where it begins

  /// The first thing in the forward pass, then in the backward pass, that isn't finite.
  ///
  /// Parameters are as they were before the step, unless its update is what isn't finite; the states are those after the
  /// window's last timestep.
  var place: String? {
    let (layout, gradients) = (model.parameters.layout, model.gradients)
    let parameter = layout.parameters.first {
      !layout.elements(of: $0, in: model.parameters.values).allSatisfy(\.isFinite)
    }
    if let parameter { return "the parameter \(parameter.name)" }
    if let state = model.carriedStates.first(where: { !$0.matrix.rowMajor().allSatisfy(\.isFinite) }) {
      return "the state \(state.name)"
    }
    if !model.lossSum.isFinite { return "the output layer's logits" }
    // The backward pass begins at the output, which is the layout's end.
    let gradient = layout.parameters.last { !gradients.elements(of: $0).allSatisfy(\.isFinite) }
    return gradient.map { "the gradient of \($0.name)" }
  }

  // MARK: the minibatch

  /// The minibatch, for a file of the run's directory.
  func text(about divergence: Divergence, learningRate: Double, gradientNorm: Double) -> String {
    var text = """
      \(divergence.summary)
      learning rate \(learningRate), gradient norm \(gradientNorm)

      The minibatch, one sequence after the other:

      """
    for sequence in 0..<model.minibatch.timeline.sequences { text += "\n" + self.text(ofSequence: sequence) }
    return text
  }

  private func text(ofSequence sequence: Int) -> String {
    let minibatch = model.minibatch
    let rows = (0..<minibatch.timeline.length(sequence)).map { minibatch.timeline.row($0, sequence) }
    let broken = rows.firstIndex { !model.loss(row: $0).isFinite }
    var joiner = TextJoiner(dataset.tokenization)
    var text = "\(model.carriesState ? "stream" : "sentence") \(sequence + 1)"
    if let broken { text += ", whose loss is not finite from timestep \(broken + 1) of \(rows.count) on" }
    text += "\n"
    for row in direction.ordered(rows) { text += joiner.append(token(ofRow: row)) }
    return text + "\n"
  }

  private func token(ofRow row: Int) -> String {
    if let forms = model.minibatch.forms { return dataset.forms[Int(forms[row])] }
    return dataset.vocabulary.tokens[Int(model.minibatch.inputs[row])]
  }
}

extension Checkpoint {
  /// All tensors, with what a divergence calls each: if one isn't finite, the checkpoint must not be written.
  var tensors: [(quantity: String, tensor: Tensor)] {
    parameters.map { ("parameter \($0.name)", $0) }
      + moments.sorted { $0.key < $1.key }.flatMap { moment, tensors in
        tensors.map { ("moment \(moment) of \($0.name)", $0) }
      } + carriedStates.map { ("state \($0.name)", $0) }
  }
}

extension Checkpoint.Tensor {
  func isFinite() throws(FileError) -> Bool {
    for part in parts where try !rows(part).allSatisfy(\.isFinite) { return false }
    return true
  }
}
