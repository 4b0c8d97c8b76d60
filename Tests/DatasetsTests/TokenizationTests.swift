import Datasets
import Testing

@Suite struct TokenizationTests {
  @Test func whitespaceLevelSplitsAtUnicodeWhiteSpaceOnly() throws {
    let text = "a,b  c\t\u{2003}d\u{85}e\u{200B}f\n\n \nlast"
    #expect(try tokens(of: text, .whitespace) == ["a,b", "c", "d", "e\u{200B}f", "</s>", "last", "</s>"])
  }

  @Test func specialTokensInTheTextAreSpecial() throws {
    let vocabulary = Vocabulary(tokens: ["<unk>", "</s>", "a"])
    #expect(try vocabulary.encode("a <unk> </s> a\n", .whitespace) == [2, 0, 1, 2, 1])
  }

  @Test(arguments: [Tokenization.word, .whitespace])
  func aMarkedLineEndIsTheLineEnd(tokenization: Tokenization) throws {
    let plain = try tokens(of: "a b\nc\n", tokenization)
    #expect(plain == ["a", "b", "</s>", "c", "</s>"])
    #expect(try tokens(of: "a b </s>\nc </s>\n", tokenization) == plain)
    #expect(try tokens(of: "a b </s>\nc </s> ", tokenization) == plain)
    #expect(try tokens(of: "a </s> b\n", tokenization) == ["a", "</s>", "b", "</s>"], "one within a line ends none")
  }

  /// Nothing but white space is lost, whatever scalars meet in whatever pieces.
  @Test(arguments: [Tokenization.word, .whitespace])
  func tokensAreTheTextWithoutWhiteSpace(tokenization: Tokenization) throws {
    let scalars = Array("aé1'.,<unk>-日の\u{301}\u{200D}\u{200C}👩❤\u{FE0F}\u{2019}_ \u{A0}\r".unicodeScalars)
    for seed in 0..<300 {
      let text = randomText(of: scalars, count: 40, seed: seed, behind: "x")
      let read = try tokens(of: text, tokenization, chunkSize: 8 + seed % 16)
      let expected = text.unicodeScalars.filter { !$0.properties.isWhitespace }.map(\.value)
      #expect(read.dropLast().flatMap(\.scalarValues) == expected)
      #expect(read.last == "</s>" && !read.contains(""))
    }
  }

  @Test func characterLevelKeepsEverything() throws {
    #expect(try tokens(of: "a\n\né", .character) == ["a", "\n", "\n", "é"])
    let decomposed = try tokens(of: "e\u{301}", .character)
    #expect(decomposed.map(\.scalarValues) == [[0x65], [0x301]])
    #expect(try tokens(of: "<unk>", .character) == ["<", "u", "n", "k", ">"])
  }

  @Test(arguments: Tokenization.plain)
  func carriageReturnsBeforeNewlinesAreDropped(tokenization: Tokenization) throws {
    let unix = "one two\n\nthree é\nfour\n"
    let dos = "one two\r\n\r\nthree é\r\nfour\r\n"
    for chunkSize in 8...40 {
      let files = try TemporaryFiles()
      let a = try PlainText().read([files.write("unix", unix)], tokenization, CorpusReading(chunkSize: chunkSize))
      let b = try PlainText().read([files.write("dos", dos)], tokenization, CorpusReading(chunkSize: chunkSize))
      #expect(a.tokens == b.tokens && a.ends == b.ends && a.words.table == b.words.table)
      #expect(a.extent.characters == unix.unicodeScalars.count && b.extent == a.extent)
      #expect(a.sourceSHA256 != b.sourceSHA256)
    }
  }

  @Test func loneCarriageReturnIsACharacter() throws {
    #expect(try tokens(of: "a\rb\r\r\nc\r", .character) == ["a", "\r", "b", "\r", "\n", "c", "\r"])
  }

  @Test func onlyAByteOrderMarkAtTheStartIsDropped() throws {
    #expect(try tokens(of: "\u{FEFF}a", .character).map(\.scalarValues) == [[0x61]])
    #expect(try tokens(of: "a\u{FEFF}", .character).map(\.scalarValues) == [[0x61], [0xFEFF]])
    #expect(try tokens(of: "\u{FEFF}\u{FEFF}a", .character).map(\.scalarValues) == [[0xFEFF], [0x61]])
  }

  @Test func missingFinalNewlineEndsALineAtWordLevelAndInventsNothingAtCharacterLevel() throws {
    #expect(try tokens(of: "a b", .word) == tokens(of: "a b\n", .word))
    #expect(try tokens(of: "a b", .whitespace) == ["a", "b", "</s>"])
    #expect(try tokens(of: "a b", .character) == ["a", " ", "b"])
  }

  @Test func filesAreReadAsOne() throws {
    let files = try TemporaryFiles()
    let paths = try [files.write("1", "a b\nc"), files.write("2", "\u{FEFF}d\n")]
    #expect(try PlainText().read(paths, .word).tokenTexts() == ["a", "b", "</s>", "c", "</s>", "d", "</s>"])
    let characters = try PlainText().read(paths, .character)
    #expect(try characters.tokenTexts() == ["a", " ", "b", "\n", "c", "d", "\n"])
    #expect(characters.ends == [4, 5, 7])
  }

  @Test func longLinesAndTokensSpanChunks() throws {
    let word = String(repeating: "abcdefghij", count: 10_000)
    let text = Array(repeating: word, count: 3).joined(separator: " ")
    let read = try tokens(of: text, .whitespace, chunkSize: 4096)
    #expect(read == [word, word, word, "</s>"])
  }

  @Test func offsetsAndCharactersCountLines() throws {
    let files = try TemporaryFiles()
    let record = try PlainText().read([files.write("t", "\na b\n\n  \nç\n\n")], .word)
    #expect(record.ends == [3, 5])
    #expect(
      record.extents.characters == [5, 11] && record.extents.words == [2, 3] && record.extents.bytes == [5, 12])
    #expect(record.extent == TextExtent(characters: 12, words: 3, bytes: 13))
  }

  @Test func hashIsThatOfTheBytes() throws {
    let files = try TemporaryFiles()
    let record = try PlainText().read([files.write("t", "abc")], .character)
    #expect(record.sourceSHA256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func promptsHaveNoEndOfLineUnlessTheyHaveANewline() throws {
    let vocabulary = Vocabulary(tokens: ["<unk>", "</s>", "the", "cat"])
    #expect(try vocabulary.encode("the cat", .word) == [2, 3])
    #expect(try vocabulary.encode("the dog\nthe", .word) == [2, 0, 1, 2])
    #expect(try vocabulary.encode("", .word) == [])
    #expect(try Vocabulary(tokens: ["<unk>", "a", "b"]).encode("abc", .character) == [1, 2, 0])
  }
}
