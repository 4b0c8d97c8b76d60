import Compute
import Datasets
import Foundation
import Inference
import ModelTestSupport
import Models
import Testing

/// Log-probabilities of lines.
@Suite struct ScorerTests {
  /// A model with random parameters, and lines for it.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    private let shape: ModelShape

    init(_ cell: any CellKind, layers: Int = 1, _ output: any OutputKind = .softmax, tied: Bool = false) {
      testDescription = "\(cell) x \(layers), \(output)\(tied ? ", tied" : "")"
      var shape = ModelShape(
        vocabulary: 23, embedding: tied ? 21 : 7, cell: cell, hidden: 21, layers: layers, classes: 23)
      shape.output = output
      shape.tiesEmbeddings = tied
      self.shape = shape
    }

    var test: TestModel { TestModel(shape, streams: 1, timesteps: 1, seed: 5) }

    var model: TrainedModel { model(reading: .forward) }

    func model(reading direction: ReadingDirection) -> TrainedModel {
      TrainedModel(
        test.parameters, vocabulary: Vocabulary(tokens: ["<unk>", "</s>"] + (2..<23).map { "w\($0)" }),
        tokenization: .whitespace, tagging: nil, direction: direction)
    }

    func scorer(carriesState: Bool = false, threads: Int = 1) -> Scorer {
      Scorer(model, carriesState: carriesState, workers: Workers(count: threads))
    }

    /// -log p of each token of a line that begins with the zero state, in double precision.
    func reference(_ line: TokenLine) -> [Double] {
      let tokens = zip([1] + line.tokens, line.tokens).map { Sentences.Token(id: Int($0), form: 0, target: Int($1)) }
      let reference = NetworkReference(shape: shape, parameters: test.matrices(test.parameters.values))
      let logits = reference.results(Sentences(sequences: [tokens], spellings: [])).logits
      return line.tokens.enumerated().map { t, token in
        let row = logits[t * 23..<(t + 1) * 23]
        return logits[t * 23 + Int(token)] - log(row.reduce(0) { $0 + exp($1) })
      }
    }
  }

  static let cases = [
    Case(.elman(.tanh)), Case(.gru, layers: 2), Case(.lstm, tied: true), Case(.cifg, .sampled(samples: 5)),
    Case(.lstm, layers: 2, .wordClasses(5)), Case(.elman(.sigmoid), .adaptive(cutoffs: [5, 11], divValue: 2)),
  ]

  /// Lines of some lengths with random words, an unknown one among them.
  private static func lines(_ lengths: [Int]) throws -> [TokenLine] {
    var random = TestRandom(seed: 3)
    var encoder = LineEncoder(cases[0].model.vocabulary, .whitespace, file: "lines")
    return try lengths.map { length in
      let words = (0..<length).map { _ in "w\(Int.random(in: 2..<24, using: &random))" }
      return try encoder.encode(Array(words.joined(separator: " ").utf8))
    }
  }

  /// More of them than stand side by side, some longer than a window.
  private static let lengths = (0..<600).map { $0 * $0 % 37 } + [0, 31, 32, 63, 64, 65, 100, 300]

  @Test(arguments: cases) func whatStandsBesideALineChangesNoBit(of model: Case) throws {
    let lines = try Self.lines(Self.lengths)
    let scores = try model.scorer().score(lines)
    #expect(scores.map(\.line) == lines)
    #expect(scores.map(\.tokenLogProbabilities.count) == Self.lengths.map { $0 + 1 })
    for score in scores {
      #expect(score.logProbability == score.tokenLogProbabilities.reduce(0, +))
      #expect(score.tokenLogProbabilities.allSatisfy { $0 < 0 })
    }
    let values = scores.map(\.tokenLogProbabilities)
    #expect(try model.scorer(threads: 3).score(lines).map(\.tokenLogProbabilities) == values, "threads")
    #expect(try model.scorer().score(lines.reversed()).map(\.tokenLogProbabilities) == values.reversed(), "order")
    let alone = model.scorer()
    #expect(try lines.map { try alone.score([$0])[0].tokenLogProbabilities } == values, "one at a time")
  }

  /// Hypotheses of an n-best list differ in a word each, some in none, and some end where others go on.
  @Test(arguments: cases) func whatLinesBeginWithInCommonChangesNoBit(of model: Case) throws {
    var random = TestRandom(seed: 4)
    let words = (0..<300).map { _ in "w\(Int.random(in: 2..<24, using: &random))" }
    let beginnings = [0, 1, 2, 2, 40, 63, 64, 65, 128, 299, 300, 300].map { Array(words.prefix($0)) }
    let variants = (0..<90).map { index in
      var words = Array(words.prefix(40 + index % 3))
      words[index * 7 % 40] = "w\(2 + index % 21)"
      return words
    }
    var encoder = LineEncoder(model.model.vocabulary, .whitespace, file: "lines")
    let lines = try (beginnings + variants).map { try encoder.encode(Array($0.joined(separator: " ").utf8)) }
    let alone = model.scorer()
    let values = try lines.map { try alone.score([$0])[0].tokenLogProbabilities }
    #expect(try model.scorer(threads: 2).score(lines).map(\.tokenLogProbabilities) == values)
    let twice = try model.scorer().score(lines + lines.reversed())
    #expect(twice.map(\.tokenLogProbabilities) == values + values.reversed())
  }

  @Test(arguments: cases) func linesHaveTheProbabilitiesOfTheFormulas(of model: Case) throws {
    let lines = try Self.lines([0, 1, 7, 20, 40])
    for (line, score) in zip(lines, try model.scorer().score(lines)) {
      let expected = model.reference(line)
      for (found, expected) in zip(score.tokenLogProbabilities, expected) { #expect(abs(found - expected) < 1e-5) }
      #expect(abs(score.logProbability - expected.reduce(0, +)) < 1e-5)
      let known = zip(line.tokens, expected).filter { $0.0 != 0 }.reduce(0) { $0 + $1.1 }
      #expect(abs(score.logProbability(without: 0) - known) < 1e-5)
    }
  }

  /// From its last word to its first one, and then its end.
  @Test(arguments: cases) func readBackwardALineIsItsWordsTurnedRound(of model: Case) throws {
    let lines = try Self.lines([0, 1, 7, 20, 70])
    var encoder = LineEncoder(model.model.vocabulary, .whitespace, file: "lines")
    let turned = try lines.map { line in
      let words = line.tokens.dropLast().reversed().map { model.model.vocabulary.tokens[Int($0)] }
      return try encoder.encode(Array(words.joined(separator: " ").utf8))
    }
    let scorer = Scorer(model.model(reading: .backward), carriesState: false, workers: Workers(count: 2))
    for (found, expected) in zip(try scorer.score(lines), try model.scorer().score(turned)) {
      let values = expected.tokenLogProbabilities
      #expect(found.tokenLogProbabilities == values.dropLast().reversed() + values.suffix(1))
      #expect(found.line.tokens.last == 1)
    }
  }

  @Test(arguments: cases) func aLineGoesOnWhereTheOneBeforeEnded(of model: Case) throws {
    let lines = try Self.lines([3, 0, 40, 7, 300, 1])
    var encoder = LineEncoder(model.model.vocabulary, .whitespace, file: "lines")
    let texts = lines.map { line in line.tokens.map { model.model.vocabulary.tokens[Int($0)] }.joined(separator: " ") }
    let joined = try encoder.encode(Array(texts.joined(separator: " ").utf8))
    let expected = try model.scorer().score([joined])[0].tokenLogProbabilities
    let together = try model.scorer(carriesState: true).score(lines)
    #expect(together.flatMap(\.tokenLogProbabilities) == expected)
    let carrying = model.scorer(carriesState: true, threads: 2)
    #expect(try carrying.score([]).isEmpty)
    #expect(try lines.flatMap { try carrying.score([$0])[0].tokenLogProbabilities } == expected)
  }
}
