import Compute
import ModelTestSupport
import Models
import Testing

/// The program against PyTorch's numbers for networks that read sentences: see Golden/make_golden.py, make_golden_crf.py
/// and make_golden_columns.py.
@Suite struct GoldenNetworkTests {
  static let names = [
    "bidirectional-tanh", "bidirectional-lstm", "bidirectional-gru", "residual-lstm", "residual-bidirectional-lstm",
    "tied-lstm", "tagger-lstm", "tagger-gru", "tagger-crf", "tagger-columns",
  ]

  @Test(arguments: names)
  func logitsLossAndGradientsOfTheFirstMinibatch(_ name: String) throws {
    try SentenceNetwork.expectFirstMinibatch(name)
  }

  @Test(arguments: names)
  func tenLossesWithEveryOptimizer(_ name: String) throws {
    try SentenceNetwork.expectLosses(name)
  }
}

/// A network that reads sentences, and what it reads.
private struct SentenceNetwork: GoldenNetwork {
  struct Characters: Decodable {
    let vocabulary, embedding, hidden: Int
  }

  let cell: String
  let layers, vocabulary, embedding, hidden, classes: Int
  let bidirectional, residual, tied: Bool
  let characters: Characters?
  /// Absent: softmax.
  let output: String?
  /// [form][character]
  let spellings: [[Int]]
  /// [step][sentence][timestep]: forms, and what is to be predicted.
  let sentences: [[[Int]]]
  let targets: [[[Int?]]]
  /// Of output layers behind the first one, what their classes and targets are; absent: there are none.
  let furtherClasses: [Int]?
  let furtherTargets: [[[[Int?]]]]?
  /// [output layer] what losses count for; absent: 1.
  let weights: [Double]?

  func model(_ parameters: [String: [Float]], kernels: Kernels) throws -> TestModel {
    let cells: [String: any CellKind] = ["tanh": .elman(.tanh), "lstm": .lstm, "gru": .gru]
    var shape = ModelShape(
      vocabulary: vocabulary, embedding: embedding, cell: try #require(cells[cell]), hidden: hidden, layers: layers,
      classes: classes)
    shape.isBidirectional = bidirectional
    shape.isResidual = residual
    shape.tiesEmbeddings = tied
    shape.furtherClasses = furtherClasses ?? []
    if output == "crf" { shape.output = ConditionalRandomField() }
    shape.characters = characters.map {
      ModelShape.Characters(vocabulary: $0.vocabulary, embedding: $0.embedding, hidden: $0.hidden)
    }
    let lengths = sentences.joined().map(\.count)
    let (most, longest) = (sentences.map(\.count).max() ?? 0, lengths.max() ?? 0)
    let test = TestModel(
      shape, lengths: [Int](repeating: longest, count: most), dropout: DropoutRates(), lossWeights: weights,
      carriesState: false, workers: 2, kernels: kernels)
    test.putParameters(parameters)
    return test
  }

  var minibatches: [Sentences] { minibatches(targets) }

  var furtherMinibatches: [[Sentences]] {
    let outputs = (furtherTargets ?? []).map(minibatches)
    return sentences.indices.map { step in outputs.map { $0[step] } }
  }

  private func minibatches(_ targets: [[[Int?]]]) -> [Sentences] {
    zip(sentences, targets).map { forms, targets in
      let sequences = zip(forms, targets).map { forms, targets in
        // Forms past the vocabulary are unknown words.
        zip(forms, targets).map { Sentences.Token(id: $0 < vocabulary ? $0 : 0, form: $0, target: $1) }
      }
      return Sentences(sequences: sequences, spellings: spellings)
    }
  }
}
