import Compute
import ModelTestSupport
import Models
import Testing

/// What is known of words beside which ones they are. Where it follows from a word, it is a part of its embedding that isn't
/// trained: so a network that is given it does what one with a wider embedding does.
@Suite struct FeatureInputTests {
  private static let lengths = [9, 8, 8, 5, 4, 4, 4, 2, 1, 1]
  /// Whole panels, so that both networks have all numbers at the same places.
  private static let embedding = 16

  /// A network, and the same with a wider embedding.
  private struct Pair {
    let given, wider: ModelShape
    let features: Int

    init(_ cell: any CellKind, features: Int) {
      var shape = NetworkCase(cell, layers: 2, isBidirectional: true, .ragged, []).shape
      self.features = features
      (shape.embedding, shape.features) = (FeatureInputTests.embedding, features)
      given = shape
      (shape.embedding, shape.features) = (FeatureInputTests.embedding + features, 0)
      wider = shape
    }

    /// The wider network's parameters, and the given one's.
    func parameters(_ kernels: Kernels) -> (wider: Parameters, given: Parameters) {
      let wider = Parameters(self.wider, kernels: kernels)
      wider.initialize(seed: 6)
      let given = Parameters(self.given, kernels: kernels)
      for parameter in given.layout.parameters {
        let values = FeatureInputTests.elements(parameter.name, of: wider)
        given.layout.setElements(
          of: parameter, in: given.values,
          to: parameter.name == "embedding.weight" ? FeatureInputTests.words(of: values, features) : values)
      }
      given.renewTransposedCopies()
      return (wider, given)
    }
  }

  private static func elements(_ name: String, of parameters: Parameters) -> [Float] {
    parameters.layout.parameters.first { $0.name == name }.map {
      parameters.layout.elements(of: $0, in: parameters.values)
    } ?? []
  }

  /// Of rows of the wider embedding what the narrower one has.
  private static func words<Number>(of rows: [Number], _ features: Int) -> [Number] {
    stride(from: 0, to: rows.count, by: embedding + features).flatMap { rows[$0..<$0 + embedding] }
  }

  /// Loss and gradients by name, of a minibatch in shards.
  private static func gradients(
    _ parameters: Parameters, features table: [Float], dropout: DropoutRates, shards: Int, workers: Int
  ) -> (loss: Double, gradients: [String: [Float]]) {
    let shape = parameters.shape
    let model = ShardedModel(
      parameters, SequenceModel.Capacity(lengths: lengths, of: shape), shards: shards
    ) { capacity, gradients, isShard in
      SequenceModel(
        parameters, capacity, gradients: gradients, workers: workers, carriesState: false, dropout: dropout,
        isShard: isShard)
    }
    var random = TestRandom(seed: 8)
    model.minibatch.load(Sentences(lengths: lengths, of: shape, using: &random))
    if let features = model.minibatch.features {
      for row in 0..<model.minibatch.rows {
        for index in 0..<shape.features {
          features[row, index] =
            table[Int(model.minibatch.inputs[row]) * (embedding + shape.features) + embedding + index]
        }
      }
    }
    model.begin(step: 3)
    let workers = Workers(count: workers, processors: workers)
    model.runShards(by: workers)
    workers.run(PhaseList(model.gradientPhases()))
    let gradients = parameters.layout.parameters.map { ($0.name, model.gradients.elements(of: $0)) }
    return (model.lossSum, Dictionary(uniqueKeysWithValues: gradients))
  }

  @Test(arguments: [(.lstm, 21, 1), (.gru, 16, 1), (.lstm, 5, 3)] as [(any CellKind, Int, Int)])
  func givenNumbersAreAPartOfTheEmbedding(cell: any CellKind, features: Int, shards: Int) {
    let pair = Pair(cell, features: features)
    var dropout = DropoutRates()
    // Both networks read rows then, so that they do the same to the bit.
    dropout.input = 0.3
    for kernels in Kernels.available {
      let (wider, given) = pair.parameters(kernels)
      let table = Self.elements("embedding.weight", of: wider)
      let expected = Self.gradients(wider, features: [], dropout: dropout, shards: shards, workers: 1)
      let found = Self.gradients(given, features: table, dropout: dropout, shards: shards, workers: 2)
      #expect(found.loss == expected.loss && found.gradients.keys == expected.gradients.keys, "\(kernels.name)")
      for (name, gradient) in found.gradients {
        let other = expected.gradients[name] ?? []
        #expect(
          gradient == (name == "embedding.weight" ? Self.words(of: other, features) : other), "\(kernels.name): \(name)"
        )
      }
    }
  }

  @Test func gradientsAreTheReferences() {
    let pair = Pair(.gru, features: 21)
    let (wider, given) = pair.parameters(Kernels.available[0])
    let found = Self.gradients(
      given, features: Self.elements("embedding.weight", of: wider), dropout: DropoutRates(), shards: 1, workers: 3)
    var random = TestRandom(seed: 8)
    let expected = NetworkReference(
      shape: pair.wider,
      parameters: wider.layout.matrices { wider.layout.elements(of: $0, in: wider.values) }
    ).results(Sentences(lengths: Self.lengths, of: pair.wider, using: &random))
    for (name, gradient) in found.gradients {
      let other = expected.gradients[name] ?? []
      let error = relativeError(
        of: gradient, from: name == "embedding.weight" ? Self.words(of: other, pair.features) : other)
      #expect(error < NetworkTests.tolerance, "\(name)")
    }
  }
}
