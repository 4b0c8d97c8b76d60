import DatasetFiles
import Datasets
import Testing

/// Words that are looked up in lower case, and spelled as they are.
@Suite struct LowercaseTests {
  private static let train =
    ["The", "Straße", "the", "ÉTÉ", "été", "sole", "<UNK>"].enumerated().map { row("\($0 + 1)", $1, "X") }.joined()
  private static let other = ["THE", "Sole", "é"].enumerated().map { row("\($0 + 1)", $1, "X") }.joined()

  private static var settings: VocabularySettings {
    var settings = VocabularySettings(minimumCount: 2)
    settings.isLowercase = true
    return settings
  }

  private func dataset(
    _ files: TemporaryFiles, _ train: String = Self.train, _ settings: VocabularySettings = Self.settings,
    known: KnownVocabulary? = nil
  ) throws -> SequenceDataset {
    let sources = CorpusSources(
      train: [try files.write("t", train)], validation: .files([try files.write("v", Self.other)]))
    return try SequenceDataset.prepareTagged(
      sources, format: CoNLLU(), tags: [.upos], vocabulary: settings, known: known)
  }

  @Test func wordsCountTogetherAndKeepTheirLetters() throws {
    let dataset = try dataset(TemporaryFiles())
    #expect(dataset.vocabulary.tokens == ["<unk>", "the", "été"] && dataset.vocabulary.isLowercase)
    #expect(dataset.splits[.train]?.tokens == [1, 0, 1, 2, 2, 0, 0])
    #expect(dataset.splits[.validation]?.tokens == [1, 0, 0])
    #expect(dataset.forms.prefix(4) == ["The", "Straße", "the", "ÉTÉ"])
    #expect(dataset.splits[.train]?.forms == [0, 1, 2, 3, 4, 5, 6], "forms differ by their letters' case")
    #expect(dataset.tagging?.trainingWords.number(of: "THE") == nil, "a form that training didn't have")
    #expect(dataset.tagging?.characters.tokens.contains("T") == true)
    #expect(dataset.vocabulary.id(of: "tHE") == 1 && dataset.vocabulary.id(of: "Sole") == 0)
    #expect(dataset.vocabulary.knownId(of: "Sole") == nil)
  }

  /// Python's `str.lower` gives the same.
  @Test(
    arguments: [
      ("ΟΔΟΣ", "οδος"), ("Σ", "σ"), ("ΑΣΑ Σ", "ασα σ"), ("ΑΣ.", "ας."), ("Α.ΣΑ", "α.σα"), ("ΑΣ\u{301}", "ας\u{301}"),
      ("οδοσ", "οδοσ"),
      ("İçin", "i\u{307}çin"), ("Straẞe", "straße"), ("ǅ", "ǆ"), ("É", "é"), ("E\u{301}", "e\u{301}"), ("K2", "k2"),
      ("猫", "猫"),
    ])
  func lowerCaseIsUnicodes(word: String, expected: String) {
    #expect(word.inLowercase.utf8.elementsEqual(expected.utf8), "\(word.inLowercase.unicodeScalars)")
    #expect(expected.isInLowercase && word.isInLowercase == word.utf8.elementsEqual(expected.utf8))
  }

  @Test func withoutTheSettingEachCaseIsAWord() throws {
    let dataset = try dataset(TemporaryFiles(), Self.train, VocabularySettings())
    #expect(dataset.vocabulary.tokens == ["<unk>", "<UNK>", "Straße", "The", "sole", "the", "ÉTÉ", "été"])
    #expect(dataset.vocabulary.id(of: "THE") == 0)
  }

  @Test func whatAModelKnowsSaysHowWordsAreLookedUp() throws {
    let files = try TemporaryFiles()
    let known = KnownVocabulary(words: Vocabulary(tokens: ["<unk>", "sole"], isLowercase: true))
    var settings = VocabularySettings()
    settings.extends = true
    let extended = try dataset(files, Self.train, settings, known: known)
    #expect(extended.vocabulary.tokens == ["<unk>", "sole", "the", "été", "straße"] && extended.vocabulary.isLowercase)
    #expect(known.isKept(in: extended))
    let cased = KnownVocabulary(words: Vocabulary(tokens: ["<unk>", "sole"]))
    #expect(!cased.isKept(in: extended) && cased.contentHash != known.contentHash)
    #expect(cased.words != known.words)
  }

  @Test func aVocabularyFileHasLowerCaseThen() throws {
    let files = try TemporaryFiles()
    func vocabulary(_ text: String) throws -> Vocabulary {
      try VocabularyFile.read(files.write("w", text), .word, format: CoNLLU(), isLowercase: true)
    }
    #expect(try vocabulary("<unk>\nthe\n").id(of: "The") == 1)
    let error = #expect(throws: CorpusError.self) { try vocabulary("the\nSole\n") }
    #expect(
      error?.description.hasSuffix(
        ":2: expected a token in lower case, as data.vocabulary.lowercase looks for it, found \"Sole\"") == true)
  }

  @Test func aDatasetsFileSaysSo() throws {
    let files = try TemporaryFiles()
    let dataset = try dataset(files)
    let path = files.missing("d.h5")
    try DatasetFile.write(dataset, settings: "", to: path)
    #expect(try DatasetFile.read(path).dataset.vocabulary == dataset.vocabulary)
    try DatasetFile.write(self.dataset(files, Self.train, VocabularySettings()), settings: "", to: path)
    #expect(try !DatasetFile.read(path).dataset.vocabulary.isLowercase)
    var strange = dataset
    strange.vocabulary = Vocabulary(tokens: ["<unk>", "the", "Été"], isLowercase: true)
    try DatasetFile.write(strange, settings: "", to: path)
    let error = #expect(throws: DatasetError.self) { try DatasetFile.read(path) }
    #expect(error == .upperCase(file: path, entry: "Été"))
  }

  @Test func anotherNormalizationFormIsSeenInAnyCase() {
    var check = NormalizationCheck(Vocabulary(tokens: ["<unk>", "\u{E9}t\u{E9}"], isLowercase: true))
    check.note("\u{C9}T\u{C9}")
    #expect(check.otherForms == 0 && check.words == 1, "known")
    check.note("E\u{301}te\u{301}", count: 3)
    #expect(check.otherForms == 3)
  }
}
