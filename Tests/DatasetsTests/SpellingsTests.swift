import Datasets
import Testing

@Suite struct SpellingsTests {
  private let characters = Vocabulary(tokens: ["<unk>", "a", "b", "é"])

  @Test func charactersAreUnicodeScalars() {
    let spellings = Spellings(of: ["ab", "é", "e\u{301}b", "<unk>"], in: characters)
    #expect(spellings.characters == [1, 2, 3, 0, 0, 2, 0, 0, 0, 0, 0])
    #expect(spellings.offsets == [0, 2, 3, 6, 11])
    #expect((0..<spellings.count).map { Array(spellings[$0]) } == [[1, 2], [3], [0, 0, 2], [0, 0, 0, 0, 0]])
  }

  @Test func longFormsAreCut() {
    let spellings = Spellings(of: [String(repeating: "a", count: 1000) + "b", "b"], in: characters)
    #expect(Array(spellings[0]) == Array(repeating: 1, count: Spellings.longest))
    #expect(Array(spellings[1]) == [2])
  }

  @Test func noFormIsEmpty() {
    #expect(Array(Spellings(of: [""], in: characters)[0]) == [0])
    #expect(Spellings(of: [], in: characters).offsets == [0])
  }

  @Test func trainingWordsAreToldByTheirBytes() {
    let tagging = TaggingVocabulary(columns: [], trainingWords: TokenTable(["é", "<unk>"]))
    #expect(tagging.trainingWords.number(of: "é") == 0)
    #expect(tagging.trainingWords.number(of: "e\u{301}") == nil && tagging.trainingWords.number(of: "x") == nil)
    #expect(tagging.characters.tokens == ["<unk>", "<", ">", "k", "n", "u", "é"])
  }
}
