import Collectives
import Compute
import Configuration
import Datasets
import Inference
import ModelTestSupport
import Models
import Tasks
import Testing

/// A split that ranks share out is measured as by one process, to the bit.
@Suite struct SharedEvaluationTests {
  private static func parameters(_ shape: ModelShape) -> Parameters {
    let parameters = Parameters(shape, kernels: Kernels.available[0])
    parameters.initialize(seed: 8)
    return parameters
  }

  private static func vocabulary(_ count: Int) -> Vocabulary {
    Vocabulary(tokens: [Vocabulary.unknownToken] + (1..<count).map { "w\($0)" })
  }

  private static func sequence(_ lengths: [Int], words: Int, tags: [Int] = []) -> TokenSequence {
    let count = lengths.reduce(0, +)
    func column(_ factor: Int, _ limit: Int) -> Column<Int32> {
      Column((0..<count).map { Int32($0 * $0 * factor % 101 % limit) })
    }
    return TokenSequence(
      tokens: column(3, words),
      offsets: Column(lengths.reduce(into: [Int64(0)]) { $0.append(($0.last ?? 0) + Int64($1)) }),
      tags: tags.map { column(7, $0) }, forms: tags.isEmpty ? nil : column(3, words),
      extent: TextExtent(characters: count), sourceSHA256: "")
  }

  private static func configuration(streams: Int = 1) -> RunConfiguration {
    var configuration = RunConfiguration(
      data: .dataset(path: "/nowhere.h5"), output: RunConfiguration.Output(directory: "run"))
    configuration.evaluation.streams = streams
    return configuration
  }

  /// How often each rank was asked whether it is to go on.
  private static func expectSame<E: Evaluation & Equatable>(
    ranks: [Int], _ evaluate: @escaping @Sendable (any Communicator, _ check: () -> Void) throws -> E?
  ) throws {
    var expected: E?
    for count in [1] + ranks {
      let found = onRanks(count) { communicator in
        Result {
          var checks = 0
          return (try evaluate(communicator) { checks += 1 }, checks)
        }
      }
      for (rank, result) in found.enumerated() {
        let (evaluation, checks) = try result.get()
        expected = expected ?? evaluation
        #expect(evaluation != nil && evaluation == expected, "rank \(rank) of \(count)")
        #expect(evaluation?.natsPerTarget.bitPattern == expected?.natsPerTarget.bitPattern)
        #expect(try checks > 1 && checks == found[0].get().1, "ranks are asked as often as each other")
      }
    }
  }

  /// With fewer streams than ranks, too.
  @Test(arguments: [1, 4, 7])
  func streams(count: Int) throws {
    let vocabulary = Self.vocabulary(19)
    let shape = ModelShape(vocabulary: 19, embedding: 7, cell: GRU(), hidden: 13, layers: 2, classes: 19)
    let split = Self.sequence([2000], words: 19)
    try Self.expectSame(ranks: [2, 3, 5]) { ranks, check in
      let model = TrainedModel(
        Self.parameters(shape), vocabulary: vocabulary, tokenization: .whitespace, tagging: nil)
      return try LanguageModel().evaluate(
        model, on: split, forms: [], Self.configuration(streams: count), workers: Workers(count: 1), ranks: ranks,
        check: check) as? LanguageEvaluation
    }
  }

  /// The last round has fewer minibatches than ranks.
  @Test func sentences() throws {
    let words = 23
    let (vocabulary, tags) = (Self.vocabulary(words), [5, 3])
    var shape = ModelShape(vocabulary: words, embedding: 7, cell: LSTM(), hidden: 9, layers: 1, classes: tags[0])
    shape.furtherClasses = [tags[1]]
    let (drawn, split) = (shape, Self.sequence((0..<300).map { $0 * $0 % 9 }, words: words, tags: tags))
    let columns = zip([TagColumn.upos, .xpos], tags).map { TagSet($0, (0..<$1).map { "t\($0)" }) }
    var known = TaggingVocabulary(columns: columns, trainingWords: TokenTable(Array(vocabulary.tokens.prefix(15))))
    known.combinations = [[0, 2], [1, 0], [3, 1], [4, 2]]
    let tagging = known
    try Self.expectSame(ranks: [2, 4]) { ranks, check in
      let model = TrainedModel(
        Self.parameters(drawn), vocabulary: vocabulary, tokenization: .whitespace, tagging: tagging)
      return try Tagging().evaluate(
        model, on: split, forms: vocabulary.tokens, Self.configuration(), workers: Workers(count: 1), ranks: ranks,
        check: check) as? TaggingEvaluation
    }
  }
}
