import Compute
import Datasets
import Inference
import ModelTestSupport
import Models
import Testing

/// What language models of characters make of words, against the reference in double precision.
@Suite struct CharacterModelsTests {
  private static let characters = ["<unk>", "\n", " ", "a", "b", "c", "d"]
  private static let sentences = [["ab", "c", "dda"], [], ["b"], ["ax", "a", "bcd", "a"], ["d", "ab"]]

  private static func model(hidden: Int, _ direction: ReadingDirection) -> (TrainedModel, NetworkReference) {
    let shape = ModelShape(
      vocabulary: characters.count, embedding: 5, cell: .lstm, hidden: hidden, layers: 2, classes: characters.count)
    let test = TestModel(shape, streams: 1, timesteps: 1, seed: UInt64(hidden))
    return (
      TrainedModel(
        test.parameters, vocabulary: Vocabulary(tokens: characters), tokenization: .character, tagging: nil,
        direction: direction),
      NetworkReference(shape: shape, parameters: test.matrices(test.parameters.values))
    )
  }

  /// The states after characters, which begin a line.
  private static func states(_ text: String, _ reference: NetworkReference) -> [[Double]] {
    let tokens = ("\n" + text).map {
      Sentences.Token(id: characters.firstIndex(of: "\($0)") ?? 0, form: 0, target: nil)
    }
    return reference.results(Sentences(sequences: [tokens], spellings: [])).hidden
  }

  @Test func statesAreThoseAtTheEndsOfWords() {
    let (forward, forwardReference) = Self.model(hidden: 9, .forward)
    let (backward, backwardReference) = Self.model(hidden: 17, .backward)
    let models = CharacterModels([forward, backward])
    #expect(models.width == 26)
    let found = models.features(of: Self.sentences, workers: Workers(count: 1))
    var expected: [Double] = []
    for sentence in Self.sentences {
      for word in sentence.indices {
        // Up to a word's last character, and from the sentence's end to its first one.
        let before = sentence[...word].joined(separator: " ")
        let behind = String(sentence[word...].joined(separator: " ").reversed())
        expected += Self.states(before, forwardReference).last ?? []
        expected += Self.states(behind, backwardReference).last ?? []
      }
    }
    #expect(found.values.count == expected.count)
    #expect(zip(found.values, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })
  }

  /// Two spellings of what looks the same, in either order and alone: each is read as it is written.
  @Test func canonicallyEquivalentWordsAreTwo() {
    let models = CharacterModels([Self.model(hidden: 9, .forward).0, Self.model(hidden: 17, .backward).0])
    func numbers(_ sentences: [[String]]) -> [Float] {
      models.features(of: sentences, workers: Workers(count: 1)).values
    }
    let (composed, decomposed) = (["b\u{E9}"], ["be\u{301}"])
    #expect(numbers([composed]) != numbers([decomposed]))
    #expect(numbers([composed, decomposed]) == numbers([composed]) + numbers([decomposed]))
    #expect(numbers([decomposed, composed]) == numbers([decomposed]) + numbers([composed]))
  }

  /// More of them than one minibatch has room for.
  @Test func companyAndThreadsChangeNoBit() {
    let models = CharacterModels([Self.model(hidden: 9, .forward).0, Self.model(hidden: 17, .backward).0])
    let sentences = (0..<300).flatMap { number in Self.sentences.map { $0.map { "\($0)\(number % 7)" } } }
    let all = models.features(of: sentences, workers: Workers(count: 1)).values
    #expect(models.features(of: sentences, workers: Workers(count: 3, processors: 3)).values == all)
    var alone: [Float] = []
    for sentence in sentences.prefix(25) {
      alone += models.features(of: [sentence], workers: Workers(count: 1)).values
    }
    #expect(Array(all.prefix(alone.count)) == alone)
  }
}
