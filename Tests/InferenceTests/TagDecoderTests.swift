import Compute
import Datasets
import Foundation
import Inference
import ModelTestSupport
import Models
import Testing

/// Tags that are chosen together, against the definition in double precision.
@Suite struct TagDecoderTests {
  private static let tags = [4, 7, 5]
  private static let words = 23

  /// A tagger of three columns whose parameters are large, so that it is sure of its tags, and wrongly so.
  private static func parameters(_ output: any OutputKind = Softmax()) -> Parameters {
    var shape = ModelShape(vocabulary: words, embedding: 7, cell: GRU(), hidden: 9, layers: 1, classes: tags[0])
    shape.furtherClasses = Array(tags.dropFirst())
    shape.output = output
    let parameters = Parameters(shape, kernels: Kernels.available[0])
    parameters.initialize(seed: 8)
    for index in 0..<parameters.layout.floatCount { parameters.values.base[index] *= 3 }
    parameters.renewTransposedCopies()
    return parameters
  }

  private static func tagging(_ combinations: [[Int32]]) -> TaggingVocabulary {
    let columns = zip([TagColumn.upos, .xpos, .feats], tags).map { TagSet($0, (0..<$1).map { "t\($0)" }) }
    var tagging = TaggingVocabulary(columns: columns, trainingWords: TokenTable(["w1"]))
    tagging.combinations = combinations
    return tagging
  }

  /// [word][column] the tags of 300 words by the tagger, by the logits of each column, and by those of all.
  private func tags(
    _ combinations: [[Int32]], _ output: any OutputKind = Softmax()
  ) throws -> (found: [[Int32]], likeliest: [[Int32]], expected: [[Int32]]) {
    let tagging = Self.tagging(combinations)
    let vocabulary = Vocabulary(tokens: ["<unk>"] + (1..<Self.words).map { "w\($0)" })
    let model = TrainedModel(
      Self.parameters(output), vocabulary: vocabulary, tokenization: .whitespace, tagging: tagging)
    let sentences = (0..<30).map { sentence in (0..<10).map { "w\((sentence * sentence + 3 * $0 * $0) % Self.words)" } }
    let tagger = try #require(Tagger(model, workers: Workers(count: 2)))
    let found = tagger.tag(sentences).flatMap { $0 }.map { $0.map { Int32($0.dropFirst()) ?? -1 } }

    let capacity = SequenceModel.Capacity(Timeline.Capacity(sequences: 1, timesteps: 10))
    let runner = ModelRunner(
      model.parameters, capacity, carriesState: false, predicts: true, workers: Workers(count: 1))
    var (likeliest, expected): ([[Int32]], [[Int32]]) = ([], [])
    for sentence in sentences {
      runner.run { minibatch in
        minibatch.layOut(sequences: 1) { _ in sentence.count }
        for (t, word) in sentence.enumerated() { minibatch.inputs[t] = vocabulary.id(of: word) ?? 0 }
        minibatch.prepare()
      } read: { model in
        for row in sentence.indices {
          let logs = Self.tags.enumerated().map { Self.logProbabilities(model, row: row, column: $0, tags: $1) }
          likeliest.append((0..<3).map { model.prediction(row: row, output: $0) })
          let own = likeliest[likeliest.count - 1]
          func score(_ combination: [Int32]) -> Double {
            combination.enumerated().reduce(0) { $0 + logs[$1.offset][Int($1.element)] }
          }
          // What lacks a tag goes with any.
          let whole = combinations.map { zip($0, own).map { $0 < 0 ? $1 : $0 } }
          expected.append(whole.max { score($0) < score($1) } ?? [])
        }
      }
    }
    return (found, likeliest, expected)
  }

  private static func logProbabilities(_ model: SequenceModel, row: Int, column: Int, tags: Int) -> [Double] {
    let logits = [Float](unsafeUninitializedCapacity: tags) { buffer, count in
      model.logits(row: row, output: column, into: UnsafeMutableBufferPointer(rebasing: buffer[..<tags]))
      count = tags
    }.map(Double.init)
    let sum = log(logits.reduce(0) { $0 + exp($1) })
    return logits.map { $0 - sum }
  }

  @Test func theProductOfProbabilitiesIsTheLargest() throws {
    let combinations: [[Int32]] = [[0, 0, 1], [0, 3, 2], [1, 1, 1], [1, 6, 4], [2, 2, 0], [2, 5, 3], [3, 4, 0]]
    for combinations in [combinations, combinations + [[1, -1, 0], [-1, 2, 2]]] {
      let (found, likeliest, expected) = try tags(combinations)
      #expect(found == expected && found.count == 300)
      #expect(Set(found).count > 3 && zip(found, likeliest).count { $0 != $1 } > 50, "it makes a difference")
    }
  }

  /// As of a tag that only the validation split has, or the text of a run before.
  @Test func nothingIsKnownOfWhatGoesWithATagThatNoWordHas() throws {
    let combinations: [[Int32]] = [[0, 0, 1], [0, 3, 2], [2, 2, 0], [2, 5, 3]]
    let (found, likeliest, expected) = try tags(combinations)
    let combined = (0..<3).map { column in Set(combinations.map { $0[column] }) }
    let isCombined = likeliest.map { zip($0, combined).allSatisfy { $1.contains($0) } }
    #expect(isCombined.contains(true) && isCombined.contains(false))
    for (word, isCombined) in isCombined.enumerated() {
      #expect(found[word] == (isCombined ? expected[word] : likeliest[word]))
    }
  }

  @Test func whereAllGoTogetherEachIsTheLikeliest() throws {
    let all = (0..<4).flatMap { a in (0..<7).flatMap { b in (0..<5).map { [Int32(a), Int32(b), Int32($0)] } } }
    let (found, likeliest, _) = try tags(all)
    #expect(found == likeliest)
  }

  @Test func eachColumnGoesByItselfWhereNothingIsKnownOfThem() throws {
    let (found, likeliest, _) = try tags([])
    #expect(found == likeliest)
    let (chain, ofChain, _) = try tags([[0, 0, 0]], ConditionalRandomField())
    #expect(chain == ofChain)
  }
}
