import Datasets
import Testing

@Suite struct TextLinesTests {
  private func lines(of text: some Sequence<UInt8>, chunkSize: Int) throws -> [String] {
    let files = try TemporaryFiles()
    var lines = try TextLines(.file(files.write("text", text)), chunkSize: chunkSize)
    var result: [String] = []
    while let chunk = try lines.next() {
      #expect(!chunk.isEmpty)
      result += chunk.map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(try lines.next() == nil)
    return result
  }

  @Test(arguments: [8, 9, 11, 1000]) func linesAreCleanInChunksOfAnySize(chunkSize: Int) throws {
    let text = "\u{FEFF}a line of more than one chunk\r\n\n größe \u{FEFF}\rx\r\n\r\nlast"
    let expected = ["a line of more than one chunk", "", " größe \u{FEFF}\rx", "", "last"]
    #expect(try lines(of: text.utf8, chunkSize: chunkSize) == expected)
    #expect(try lines(of: (text + "\n").utf8, chunkSize: chunkSize) == expected)
    #expect(try lines(of: "\n".utf8, chunkSize: chunkSize) == [""])
    #expect(try lines(of: "".utf8, chunkSize: chunkSize) == [])
    #expect(try lines(of: "\u{FEFF}".utf8, chunkSize: chunkSize) == [])
  }

  @Test func whatIsNoTextIsRefusedBehindTheLinesBefore() throws {
    let files = try TemporaryFiles()
    let path = try files.write("text", Array("first\nsecond\n".utf8) + [0xE9, 0x0A])
    var lines = try TextLines(.file(path), chunkSize: 8)
    #expect(try lines.next() == [Array("first".utf8)])
    do {
      while try lines.next() != nil {}
      Issue.record("bytes that are no text were read")
    } catch {
      #expect(error == .notUTF8(path: path, offset: 13))
    }
  }
}

@Suite struct LineEncoderTests {
  private let words = Vocabulary(tokens: ["<unk>", "</s>", "the", "cat", ".", "é"])

  private func encode(_ text: String, _ vocabulary: Vocabulary, _ tokenization: Tokenization) throws -> TokenLine {
    var encoder = LineEncoder(vocabulary, tokenization, file: "lines")
    // What a line before has left makes no difference.
    _ = try encoder.encode(Array("cat the .".utf8))
    return try encoder.encode(Array(text.utf8))
  }

  @Test(
    arguments: [
      ("the cat.", [2, 3, 4, 1], []), ("", [1], []), (" \t ", [1], []), ("the </s>", [2, 1], []), ("</s>", [1], []),
      ("the </s> cat", [2, 1, 3, 1], []), ("the <unk> dog", [2, 0, 0, 1], ["<unk>", "dog"]),
      ("e\u{301} é", [0, 5, 1], ["e\u{301}"]), ("xyz", [0, 1], ["xyz"]),
    ] as [(String, [Int32], [String])])
  func wordsAndTheLinesEnd(text: String, tokens: [Int32], unknown: [String]) throws {
    let line = try encode(text, words, .word)
    #expect(line.tokens == tokens)
    #expect(line.unknown.map(\.scalarValues) == unknown.map(\.scalarValues))
  }

  @Test func charactersAndTheNewline() throws {
    let vocabulary = Vocabulary(tokens: ["<unk>", "a", "\n", " "])
    let line = try encode("a <", vocabulary, .character)
    #expect(line.tokens == [1, 3, 0, 2] && line.unknown == ["<"])
    let withoutNewline = try encode("a", Vocabulary(tokens: ["<unk>", "a"]), .character)
    #expect(withoutNewline.tokens == [1, 0] && withoutNewline.unknown == ["\n"])
  }

  @Test func withoutUnknownWordsALineHasNoneAndMaybeNoEnd() throws {
    var encoder = LineEncoder(Vocabulary(tokens: ["a", "b"]), .whitespace, file: "lines")
    #expect(try encoder.encode(Array("b a".utf8)).tokens == [1, 0])
    #expect(throws: CorpusError.unknownToken("c", paths: ["lines"])) { _ = try encoder.encode(Array("a c".utf8)) }
  }

  @Test func wordsInAnotherNormalizationFormAreCounted() throws {
    var encoder = LineEncoder(words, .whitespace, file: "lines")
    _ = try encoder.encode(Array("the e\u{301} cat dog".utf8))
    #expect(encoder.normalization.words == 4 && encoder.normalization.otherForms == 1)
  }
}
