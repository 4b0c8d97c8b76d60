import Compute
import ModelTestSupport
import Models
import Testing

/// The program against PyTorch's numbers with everything that regularizes: see Golden/make_golden_regularized.py.
@Suite struct GoldenRegularizedTests {
  static let names = ["regularized-lstm", "regularized-gru"]

  @Test(arguments: names)
  func logitsLossAndGradientsOfTheFirstMinibatch(_ name: String) throws {
    try RegularizedNetwork.expectFirstMinibatch(name)
  }

  @Test(arguments: names)
  func tenLossesWithEveryOptimizer(_ name: String) throws {
    try RegularizedNetwork.expectLosses(name)
  }
}

/// A language model with tied embeddings, what regularizes it, and what it reads.
private struct RegularizedNetwork: GoldenNetwork {
  struct Shares: Decodable {
    let vocabulary, input, layers, output, weights: Double
  }

  let cell: String
  let vocabulary, embedding, streams, timesteps: Int
  /// [layer]
  let hidden: [Int]
  let seed: UInt64
  let shares: Shares
  let activation, temporal: Double
  /// [step][T * B]
  let tokens, targets: [[Int]]

  func model(_ parameters: [String: [Float]], kernels: Kernels) throws -> TestModel {
    let cells: [String: any CellKind] = ["lstm": .lstm, "gru": .gru]
    var shape = ModelShape(
      vocabulary: vocabulary, embedding: embedding, cell: try #require(cells[cell]), hidden: 0, layers: 0,
      classes: vocabulary)
    shape.units = hidden
    shape.tiesEmbeddings = true
    var dropout = DropoutRates()
    (dropout.vocabulary, dropout.input, dropout.layers) = (shares.vocabulary, shares.input, shares.layers)
    (dropout.output, dropout.weights) = (shares.output, shares.weights)
    (dropout.isVariational, dropout.seed) = (true, seed)
    var penalties = ActivationPenalties()
    (penalties.activation, penalties.temporal) = (activation, temporal)
    let test = TestModel(
      shape, lengths: [Int](repeating: timesteps, count: streams), dropout: dropout, penalties: penalties,
      carriesState: true, workers: 2, kernels: kernels)
    test.putParameters(parameters)
    return test
  }

  var minibatches: [Sentences] {
    zip(tokens, targets).map { inputs, targets in
      Sentences(Window(timesteps: timesteps, streams: streams, inputs: inputs, targets: targets))
    }
  }
}
