import ModelTestSupport
import Models
import Testing

/// The yardstick for all networks: its gradients against what a gradient is by definition, and against the other yardstick.
@Suite struct NetworkReferenceTests {
  @Test(arguments: everyCell, [false, true])
  func everyGradientIsTheCentralDifference(_ cell: any CellKind, isBidirectional: Bool) {
    var shape = ModelShape(
      vocabulary: 5, embedding: 4, cell: cell, hidden: isBidirectional ? 2 : 4, layers: 2, classes: 5)
    shape.isBidirectional = isBidirectional
    shape.isResidual = true
    shape.tiesEmbeddings = !isBidirectional
    shape.characters = ModelShape.Characters(vocabulary: 4, embedding: 2, hidden: 3)
    shape.readers = [
      ModelShape.Reader(
        named: "reader",
        ModelShape(vocabulary: 4, embedding: 2, cell: .gru, hidden: 3, layers: 2, classes: 1))
    ]
    var dropout = DropoutRates()
    (dropout.input, dropout.layers, dropout.output, dropout.vocabulary) = (0.2, 0.3, 0.1, 0.25)
    (dropout.weights, dropout.seed) = (0.15, 17)
    var penalties = ActivationPenalties()
    (penalties.activation, penalties.temporal) = (2, 1.5)
    var random = TestRandom(seed: 3)
    let lengths = [4, 3, 1]
    let sentences = Sentences(lengths: lengths, of: shape, using: &random)
    let test = TestModel(shape, lengths: lengths, dropout: dropout, penalties: penalties, carriesState: false)
    let reference = NetworkReference(
      shape: shape, parameters: test.matrices(test.parameters.values), dropout: dropout, penalties: penalties)

    for (name, gradient) in reference.results(sentences).gradients {
      let differences = gradient.indices.map { index in
        func loss(_ step: Double) -> Double {
          var moved = reference
          moved.parameters[name]?.values[index] += step
          return moved.results(sentences).objective
        }
        // Of fourth order: with steps this long, rounding counts for little.
        let step = 1e-4
        return (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
      }
      #expect(relativeError(of: gradient, from: differences) < 1e-6, "\(name)")
    }
  }

  @Test(arguments: Activation.allCases)
  func anElmanNetworkHasOneResultOfBoth(_ activation: Activation) {
    let sizes = ModelCase(
      activation, layers: 3, vocabulary: 7, embedding: 3, hidden: 5, classes: 6, streams: 3, timesteps: 11)
    var random = TestRandom(seed: 4)
    let test = TestModel(sizes.shape, streams: sizes.streams, timesteps: sizes.timesteps)
    let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
    let state = randomState(of: sizes.shape, streams: sizes.streams, using: &random)
    let forward = test.reference.forward(window, from: state)
    let states = Dictionary(uniqueKeysWithValues: state.enumerated().map { ("h_l\($0)", $1) })
    let results = NetworkReference(shape: sizes.shape, parameters: test.reference.parameters)
      .results(Sentences(window), from: states)

    #expect(relativeError(of: results.logits, from: forward.logits.values) < 1e-13)
    #expect(relativeError(of: results.losses, from: forward.losses) < 1e-13)
    for (name, gradient) in test.reference.gradients(window, forward) {
      #expect(relativeError(of: results.gradients[name] ?? [], from: gradient.values) < 1e-13, "\(name)")
    }
  }
}
