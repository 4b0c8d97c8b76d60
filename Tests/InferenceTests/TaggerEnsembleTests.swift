import Compute
import Datasets
import Foundation
import Inference
import ModelTestSupport
import Models
import Testing

/// Several taggers together, against the mean of their probabilities in double precision.
@Suite struct TaggerEnsembleTests {
  private static let tags = [4, 6]
  private static let vocabulary = Vocabulary(tokens: ["<unk>"] + (1..<19).map { "w\($0)" })
  private static let sentences =
    (0..<40).map { sentence in (0..<sentence % 9).map { "w\((sentence * sentence + 5 * $0) % 21)" } }

  private static func model(
    seed: UInt64, hidden: Int = 8, columns: [Int] = tags, output: any OutputKind = Softmax(),
    combinations: [[Int32]] = []
  ) -> TrainedModel {
    var shape = ModelShape(
      vocabulary: vocabulary.count, embedding: 6, cell: GRU(), hidden: hidden, layers: 1, classes: columns[0])
    shape.furtherClasses = Array(columns.dropFirst())
    shape.output = output
    let parameters = Parameters(shape, kernels: Kernels.available[0])
    parameters.initialize(seed: seed)
    for index in 0..<parameters.layout.floatCount { parameters.values.base[index] *= 2 }
    parameters.renewTransposedCopies()
    let sets = zip([TagColumn.upos, .xpos], columns).map { TagSet($0, (0..<$1).map { "t\($0)" }) }
    var tagging = TaggingVocabulary(columns: sets, trainingWords: TokenTable(["w1"]))
    tagging.combinations = combinations
    return TrainedModel(parameters, vocabulary: vocabulary, tokenization: .whitespace, tagging: tagging)
  }

  /// [word][column][tag] of a tagger, of all sentences.
  private static func probabilities(_ model: TrainedModel) throws -> [[[Double]]] {
    let tagger = try #require(Tagger(model, workers: Workers(count: 1)))
    return tagger.read(sentences) { word, _, _ in
      model.parameters.shape.classesOfOutputs.enumerated().map { column, count in
        let logits = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
          word.logits(column: column, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
          filled = count
        }.map(Double.init)
        let sum = logits.reduce(0) { $0 + exp($1) }
        return logits.map { exp($0) / sum }
      }
    }.flatMap { $0 }
  }

  private static func means(_ models: [TrainedModel]) throws -> [[[Double]]] {
    let each = try models.map(probabilities)
    return each[0].indices.map { word in
      each[0][word].indices.map { column in
        each[0][word][column].indices.map { tag in
          each.reduce(0) { $0 + $1[word][column][tag] } / Double(models.count)
        }
      }
    }
  }

  private static func likeliest(_ probabilities: [[Double]]) -> [String] {
    probabilities.map { column in "t\(column.indices.max { column[$0] < column[$1] } ?? 0)" }
  }

  @Test func aWordsProbabilitiesAreTheMeans() throws {
    let models = [Self.model(seed: 1), Self.model(seed: 2, hidden: 11), Self.model(seed: 3)]
    let tagger = try #require(Tagger(models, workers: Workers(count: 3)))
    let means = try Self.means(models)
    let tagged = tagger.tag(Self.sentences)
    #expect(tagged.map(\.count) == Self.sentences.map(\.count))
    #expect(tagged.flatMap { $0 } == means.map(Self.likeliest))
    for model in models {
      let alone = try #require(Tagger(model, workers: Workers(count: 1)))
      #expect(alone.tag(Self.sentences) != tagged, "it makes a difference")
    }
    let ranked = tagger.rank(Self.sentences, count: 4).flatMap { $0 }
    #expect(ranked.count == means.count && means.count > 100)
    for (word, means) in zip(ranked, means) {
      #expect(word.given.tag == Self.likeliest(means)[0] && word.ranking.map(\.tag).first == word.given.tag)
      #expect(abs(word.ranking.reduce(0) { $0 + $1.probability } - 1) < 1e-6)
      for (tag, probability) in word.ranking {
        let index = try #require(Int(tag.dropFirst()))
        #expect(abs(probability - means[0][index]) < 1e-6)
      }
    }
  }

  /// More sentences than are in memory at a time, and any number of workers.
  @Test func whatIsBesideASentenceDoesNotMatter() throws {
    let models = [Self.model(seed: 4), Self.model(seed: 5)]
    let many = (0..<30).flatMap { _ in Self.sentences }
    let once = try #require(Tagger(models, workers: Workers(count: 1))).rank(Self.sentences, count: 2)
    let all = try #require(Tagger(models, workers: Workers(count: 3))).rank(many, count: 2)
    #expect(all.count == 1200)
    func text(_ ranked: some Sequence<[(given: Tagger.RankedTag, ranking: [Tagger.RankedTag])]>) -> [String] {
      ranked.map { "\($0)" }
    }
    for first in stride(from: 0, to: all.count, by: once.count) {
      #expect(text(all[first..<first + once.count]) == text(once))
    }
    #expect(try #require(Tagger(models, workers: Workers(count: 1))).tag([[], []]) == [[], []])
  }

  @Test func aTaggerAndItselfAreThatTagger() throws {
    for output in [Softmax() as any OutputKind, ConditionalRandomField()] {
      let model = Self.model(seed: 6, output: output)
      let alone = try #require(Tagger(model, workers: Workers(count: 1))).rank(Self.sentences, count: 4).flatMap { $0 }
      let both = try #require(Tagger([model, model], workers: Workers(count: 2)))
        .rank(Self.sentences, count: 4).flatMap { $0 }
      #expect(alone.count == both.count && alone.count > 100)
      for (alone, both) in zip(alone, both) {
        #expect(alone.ranking.map(\.tag) == both.ranking.map(\.tag) && both.ranking.count == 4)
        for (one, other) in zip(alone.ranking, both.ranking) {
          #expect(abs(one.probability - other.probability) < 1e-6)
        }
        // Of a conditional random field it is the likeliest tag of the word by itself.
        #expect(both.given.tag == alone.ranking[0].tag)
        if output is Softmax { #expect(both.given.tag == alone.given.tag) }
      }
    }
  }

  @Test func theirOrderDoesNotMatter() throws {
    let models = [
      Self.model(seed: 7, combinations: [[0, 0], [0, 3], [1, 1], [2, 5]]),
      Self.model(seed: 8, output: ConditionalRandomField()),
      Self.model(seed: 9, combinations: [[1, 1], [2, 2], [3, 4]]),
    ]
    let tagged = try #require(Tagger(models, workers: Workers(count: 1))).tag(Self.sentences)
    #expect(try #require(Tagger(models.reversed(), workers: Workers(count: 1))).tag(Self.sentences) == tagged)
    let known: Set = [["t0", "t0"], ["t0", "t3"], ["t1", "t1"], ["t2", "t5"], ["t2", "t2"], ["t3", "t4"]]
    #expect(tagged.joined().contains { known.contains($0) && $0 != ["t1", "t1"] })
  }

  /// The combination whose means have the largest product.
  @Test func columnsGoTogether() throws {
    let combinations: [[Int32]] = [[0, 0], [0, 3], [1, 1], [2, 5], [2, 2], [3, 4]]
    let models = [Self.model(seed: 7, combinations: combinations), Self.model(seed: 8)]
    let tagged = try #require(Tagger(models, workers: Workers(count: 2))).tag(Self.sentences).flatMap { $0 }
    let means = try Self.means(models)
    for (tags, means) in zip(tagged, means) {
      func product(_ tags: [Int32]) -> Double { means[0][Int(tags[0])] * means[1][Int(tags[1])] }
      let best = try #require(combinations.max { product($0) < product($1) })
      #expect(tags == best.map { "t\($0)" })
    }
    #expect(zip(tagged, means).contains { $0 != Self.likeliest($1) }, "it makes a difference")
  }

  @Test func onlyTheSameTagsGoTogether() {
    let model = Self.model(seed: 1)
    #expect(Tagger([model, Self.model(seed: 2, columns: [4, 5])], workers: Workers(count: 1)) == nil)
    #expect(Tagger([model, Self.model(seed: 2, columns: [4])], workers: Workers(count: 1)) == nil)
    #expect(Tagger([], workers: Workers(count: 1)) == nil)
  }
}
