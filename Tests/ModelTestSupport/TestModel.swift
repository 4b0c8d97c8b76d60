import Compute
import Models

/// The program's model with its parameters and gradients, and the way between its arenas and the reference's matrices.
package struct TestModel: Sendable {
  package let parameters: Parameters
  package let gradients: Gradients
  package let model: SequenceModel

  /// Parameters are drawn from the seed.
  package init(
    _ shape: ModelShape, streams: Int, timesteps: Int, workers: Int = 1, kernels: Kernels = Kernels.available[0],
    logitsBound: Int = SequenceModel.logitsBound, seed: UInt64 = 1
  ) {
    parameters = Parameters(shape, kernels: kernels)
    parameters.initialize(seed: seed)
    gradients = Gradients(
      parameters.layout, SequenceModel.Capacity(Timeline.Capacity(sequences: streams, timesteps: timesteps)))
    model = SequenceModel(
      parameters, streams: streams, timesteps: timesteps, gradients: gradients, workers: workers,
      logitsBound: logitsBound)
  }

  /// A model of sequences, as many and as long as `lengths` says at most; parameters are drawn from the seed.
  ///
  /// - Parameter carriesState: whether sequences, all of one length, begin with a state that is carried.
  package init(
    _ shape: ModelShape, lengths: [Int], dropout: DropoutRates,
    penalties: ActivationPenalties = ActivationPenalties(), lossWeights: [Double]? = nil, carriesState: Bool,
    workers: Int = 1, kernels: Kernels = Kernels.available[0], logitsBound: Int = SequenceModel.logitsBound,
    seed: UInt64 = 1
  ) {
    parameters = Parameters(shape, kernels: kernels)
    parameters.initialize(seed: seed)
    let capacity = SequenceModel.Capacity(lengths: lengths, of: shape)
    gradients = Gradients(parameters.layout, capacity)
    model = SequenceModel(
      parameters, capacity, gradients: gradients, workers: workers, carriesState: carriesState, predicts: true,
      dropout: dropout, penalties: penalties, lossWeights: lossWeights, logitsBound: logitsBound)
  }

  /// Takes over a minibatch for a step.
  package func load(_ sentences: Sentences, further: [Sentences] = [], step: Int = 1) {
    model.load(sentences, further: further)
    model.begin(step: step)
  }

  package func load(_ window: Window) {
    for row in 0..<window.rows {
      model.minibatch.inputs[row] = Int32(window.inputs[row])
      model.minibatch.targets[row] = window.targets[row].map(Int32.init) ?? Minibatch.masked
    }
    model.minibatch.prepare(timesteps: window.timesteps)
  }

  package func load(_ state: [Matrix]) {
    for (carried, state) in zip(model.carriedStates, state) { carried.matrix.setRowMajor(state.values.map(Float.init)) }
  }

  /// Begins with random states in (-1, 1). Returns them by their names.
  package func loadRandomStates(using random: inout TestRandom) -> [String: Matrix] {
    model.loadRandomStates(using: &random)
  }

  /// A step up to its gradients, without the update.
  package var gradientPhases: [Phase] {
    model.forwardPhases() + model.outputPhases() + model.backwardPhases() + model.reducePhases()
  }

  /// The same network in double precision.
  package var reference: ElmanReference {
    ElmanReference(shape: parameters.shape, parameters: matrices(parameters.values))
  }

  /// Begins with other parameters, by PyTorch's names.
  package func putParameters(_ tensors: [String: [Float]]) {
    for parameter in parameters.layout.parameters {
      parameters.layout.setElements(of: parameter, in: parameters.values, to: tensors[parameter.name] ?? [])
    }
    parameters.renewTransposedCopies()
  }

  /// The parameters by PyTorch's names.
  package var tensors: [String: [Float]] {
    let layout = parameters.layout
    return Dictionary(
      uniqueKeysWithValues: layout.parameters.map { ($0.name, layout.elements(of: $0, in: parameters.values)) })
  }

  /// The tensors of an arena by PyTorch's names.
  package func matrices(_ arena: Arena) -> [String: Matrix] {
    parameters.layout.matrices { parameters.layout.elements(of: $0, in: arena) }
  }

  /// The gradients by PyTorch's names.
  package var gradientMatrices: [String: Matrix] { parameters.layout.matrices(gradients.elements) }

  /// [T * B, classes] of the current minibatch.
  package var logits: [Float] {
    (0..<model.minibatch.rows).flatMap { row in
      [Float](unsafeUninitializedCapacity: parameters.shape.classes) { buffer, count in
        model.logits(row: row, into: UnsafeMutableBufferPointer(rebasing: buffer[..<parameters.shape.classes]))
        count = parameters.shape.classes
      }
    }
  }

  /// Whether all of an arena that isn't an element of a parameter is zero.
  package func paddingIsZero(_ arena: Arena) -> Bool {
    let copy = Arena(count: arena.count)
    for index in 0..<arena.count { copy.floats[index] = arena.floats[index] }
    let parameters = parameters.layout.parameters.filter { $0.offset < arena.count }
    for parameter in parameters {
      let zeros = [Float](repeating: 0, count: parameter.elementCount)
      self.parameters.layout.setElements(of: parameter, in: copy, to: zeros)
    }
    return copy.floats.allSatisfy { $0 == 0 }
  }

  /// The same of the gradients.
  package var gradientPaddingIsZero: Bool {
    paddingIsZero(gradients.values)
      && gradients.byRows.allSatisfy { gradient in
        let (values, count) = (gradient.values, gradient.rows.count)
        guard gradient.parameter.shape.count == 2 else { return true }
        let padding = values.columns..<values.panels * PanelShape.width
        return (0..<count).allSatisfy { row in padding.allSatisfy { values[row, $0] == 0 } }
      }
  }

  /// Everything that a step leaves behind: parameters, gradients, losses and the carried state.
  package var snapshot: Snapshot {
    var snapshot = Snapshot()
    snapshot.add("parameters", parameters.values)
    snapshot.add(
      "gradients", parameters.layout.parameters.flatMap { gradients.elements(of: $0) }.map(Double.init))
    snapshot.add("losses", (0..<model.minibatch.rows).map { model.loss(row: $0) })
    for (name, matrix) in model.carriedStates { snapshot.add(name, matrix.rowMajor().map(Double.init)) }
    return snapshot
  }
}
