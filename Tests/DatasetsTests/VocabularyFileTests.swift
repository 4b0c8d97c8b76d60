import Datasets
import Testing

/// Reads a vocabulary from bytes.
private func vocabulary(
  _ text: String, _ tokenization: Tokenization = .word, format: any CorpusFormat = PlainText()
) throws -> [String] {
  let files = try TemporaryFiles()
  return try VocabularyFile.read(files.write("v", text), tokenization, format: format).tokens
}

@Suite struct VocabularyFileTests {
  @Test func aLineIsATokenAndItsPlaceTheId() throws {
    #expect(try vocabulary("the\n<unk>\ncat\n") == ["the", "<unk>", "cat"])
    #expect(try vocabulary("\u{FEFF}b\r\na\r\nlast") == ["b", "a", "last"], "BOM, CR LF, no newline at the end")
    #expect(
      try vocabulary("e\u{301}\n\u{E9}\n").map(\.scalarValues) == [[0x65, 0x301], [0xE9]], "two tokens by their bytes")
  }

  @Test func charactersMayBeWrittenByTheirNumbers() throws {
    #expect(try vocabulary("<unk>\na\n \n<U+000A>\n<U+1F600>\n", .character) == ["<unk>", "a", " ", "\n", "😀"])
    #expect(try vocabulary("e\u{301}\n👩\u{200D}👧\n", .grapheme) == ["e\u{301}", "👩\u{200D}👧"])
  }

  @Test(arguments: [
    ("a\n\nb\n", Tokenization.word, ":2: expected a token, found an empty line"),
    ("a\n\nb\n", .character, ":2: expected a token, found an empty line (a newline is written <U+000A>)"),
    ("a\nb\na\n", .word, ":3: \"a\" is the token of line 1 already; each has one id"),
    (
      "the 1234\n", .whitespace,
      ":1: expected one token without white space in it, found \"the 1234\" (cut -f1 or awk '{print $1}' takes counts away)"
    ),
    ("a\nthe\n", .character, ":2: expected one token of the kind character, found \"the\""),
    ("e\u{301}\n", .character, ":1: expected one token of the kind character, found \"e\u{301}\""),
    ("a\n<U+D800>\n", .grapheme, ":2: expected one token of the kind grapheme, found \"<U+D800>\""),
    ("", .word, ": expected at least one token, found none"),
  ])
  func problemsHaveTheirLine(text: String, tokenization: Tokenization, expected: String) throws {
    let files = try TemporaryFiles()
    let path = try files.write("v", text)
    let error = #expect(throws: CorpusError.self) {
      try VocabularyFile.read(path, tokenization, format: PlainText())
    }
    #expect(error?.description == path + expected)
  }

  @Test func bytesThatAreNoTextAreRefused() throws {
    let files = try TemporaryFiles()
    let path = try files.write("v", [0x61, 0x0A, 0xFF])
    #expect(throws: CorpusError.notUTF8(path: path, offset: 2)) {
      try VocabularyFile.read(path, .word, format: PlainText())
    }
    #expect(throws: CorpusError.self) { try VocabularyFile.read(files.missing("w"), .word, format: PlainText()) }
  }

  @Test func wordsThatAFileMarksMayHaveSpaces() throws {
    #expect(try vocabulary("10 000\n", format: CoNLLU()) == ["10 000"])
  }

  @Test func specialTokensThatAreMissingComeBehind() throws {
    let files = try TemporaryFiles()
    let known = try VocabularyFile.read(files.write("v", "c\nb\n"), .word, format: PlainText())
    let dataset = try SequenceDataset.prepare(
      CorpusSources(train: [files.write("t", "a b\nb c\n")]), tokenization: .word, vocabulary: VocabularySettings(),
      known: KnownVocabulary(words: known, tagging: nil))
    #expect(dataset.vocabulary.tokens == ["c", "b", "<unk>", "</s>"])
    #expect(dataset.splits[.train]?.tokens == [2, 1, 3, 1, 0, 3])
  }
}
