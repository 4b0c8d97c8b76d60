import Datasets
import Testing

private func join(_ tokens: [String], _ tokenization: Tokenization) -> String {
  var joiner = TextJoiner(tokenization)
  return tokens.map { joiner.append($0) }.joined()
}

@Suite struct TextJoinerTests {
  @Test(arguments: [
    "Hello, world! (Yes; no.)",
    "\"Don't,\" he said, \"go: it's 5% of $10.50...\"",
    "a well-known and/or word--word",
    "¿Qué? «oui» “quote”",
    "日本語、テスト。",
    "Привет, мир!",
    "two\nlines \"open\nnext \"quote\" here",
  ])
  func ordinaryTextComesBack(text: String) throws {
    #expect(join(try tokens(of: text, .word), .word) == text + "\n")
  }

  @Test func whitespaceLevelPutsOneSpaceBetween() {
    #expect(join(["a", ",", "b", "</s>", "c"], .whitespace) == "a , b\nc")
  }

  @Test func characterLevelIsAsItIs() {
    #expect(join(["a", " ", "\n", "b", "."], .character) == "a \nb.")
  }

  @Test func unknownTokensAreShown() {
    #expect(join(["the", "<unk>", ",", "</s>"], .word) == "the <unk>,\n")
  }

  @Test func eachPieceIsReadyToPrint() {
    var joiner = TextJoiner(.word)
    #expect(["a", "b", ".", "</s>", "c"].map { joiner.append($0) } == ["a", " b", ".", "\n", "c"])
  }
}
