import Datasets
import Testing

@Suite struct GraphemeTokenizerTests {
  @Test(arguments: [
    ("e\u{301}x", ["e\u{301}", "x"]),
    ("👩\u{200D}👩\u{200D}👧👍🏽🇩🇪🇫🇷1\u{FE0F}\u{20E3}", ["👩\u{200D}👩\u{200D}👧", "👍🏽", "🇩🇪", "🇫🇷", "1\u{FE0F}\u{20E3}"]),
    ("नमस्ते", ["न", "म", "स्ते"]),
    ("\u{1112}\u{1161}\u{11AB}글", ["\u{1112}\u{1161}\u{11AB}", "글"]),
    ("กำ日の", ["กำ", "日", "の"]),
    ("a\n\u{301}b", ["a", "\n", "\u{301}", "b"]),
    ("a\rb\r\r\nc", ["a", "\r", "b", "\r", "\n", "c"]),
    ("<unk>", ["<", "u", "n", "k", ">"]),
  ])
  func clusters(text: String, expected: [String]) throws {
    #expect(try tokens(of: text, .grapheme).map(\.scalarValues) == expected.map(\.scalarValues))
  }

  /// The standard library finds clusters in whole strings; here they are found scalar by scalar, in pieces of any size.
  @Test func clustersAreCharactersHoweverTheTextIsCut() throws {
    let scalars = Array(
      "ae\u{301}\u{308}\u{AD} ©\u{200D}\u{200C}👩👧❤\u{FE0F}🏽🇩🇪\u{1100}\u{1161}\u{11A8}각क\u{94D}ष\u{93E}กำ\u{600}\u{D4E}日\rx"
        .unicodeScalars)
    for seed in 0..<400 {
      let text = randomText(of: scalars, count: 60, seed: seed)
      let read = try tokens(of: text, .grapheme, chunkSize: 8 + seed % 16)
      #expect(read.map(\.scalarValues) == text.map { String($0).scalarValues })
    }
  }

  @Test func linesMayBeCutWhateverTheyBeginAndEndWith() throws {
    let scalars = Array("日。\n\u{301}\u{200D}ก\u{600}👩".unicodeScalars)
    for seed in 0..<200 {
      let text = randomText(of: scalars, count: 60, seed: seed)
      let read = try tokens(of: text, .grapheme, chunkSize: 8 + seed % 16)
      #expect(read.map(\.scalarValues) == text.map { String($0).scalarValues })
    }
  }

  @Test func theVersionOfUnicodeIsTheStatedOne() throws {
    // CYRILLIC CAPITAL LETTER TJE, of Unicode 16.
    let age = try #require(Unicode.Scalar("\u{1C89}").properties.age)
    #expect(age.major == 16 && age.minor == 0)
    // Conjuncts are one cluster since 15.1.
    #expect(try tokens(of: "क\u{94D}ष", .grapheme).count == 1)
  }

  @Test func linesAreSentencesAndEveryScalarCounts() throws {
    let files = try TemporaryFiles()
    let record = try PlainText().read([files.write("t", "e\u{301}\n\nb")], .grapheme)
    #expect(record.ends == [2, 3, 4])
    #expect(record.extent.characters == 5)
  }

  @Test func textJoinsAgain() throws {
    var joiner = TextJoiner(.grapheme)
    #expect(["e\u{301}", " ", "\n", "👍🏽"].map { joiner.append($0) }.joined() == "e\u{301} \n👍🏽")
  }
}
