import Datasets
import Testing

/// A line without its `</s>`, as tokens with `|` between them.
private func words(_ line: String) throws -> String {
  var result = try tokens(of: line, .word)
  #expect(result.removeLast() == "</s>")
  return result.joined(separator: "|")
}

@Suite struct WordTokenizerTests {
  @Test(arguments: [
    ("Hello, world!", "Hello|,|world|!"),
    ("don't stop", "don't|stop"),
    ("l\u{2019}eau", "l\u{2019}eau"),
    ("col\u{B7}lecci\u{F3}", "col\u{B7}lecci\u{F3}"),
    ("the dogs' 'tis", "the|dogs|'|'|tis"),
    ("rock 'n' roll''s", "rock|'|n|'|roll|'|'|s"),
    ("3.14 and 10,000.", "3.14|and|10,000|."),
    ("1. a.b 5.x", "1|.|a|.|b|5|.|x"),
    ("90's B2B 3rd", "90|'|s|B2B|3rd"),
    ("well-known word--word", "well|-|known|word|-|-|word"),
    ("a_b (c) $5 50%", "a|_|b|(|c|)|$|5|50|%"),
    ("  many \t spaces\u{A0}here\u{2003}", "many|spaces|here"),
    ("old\rmac", "old|mac"),
  ])
  func marksAndWords(line: String, expected: String) throws {
    #expect(try words(line) == expected)
  }

  @Test(arguments: [
    ("Привет, мир", "Привет|,|мир"),
    ("日本語のテスト", "日|本|語|の|テスト"),
    ("नमस्ते दुनिया।", "नमस्ते|दुनिया|।"),
    ("ภาษา\u{200B}ไทย", "ภาษา|ไทย"),
    ("می\u{200C}خواهم", "می\u{200C}خواهم"),
    ("cafe\u{301} nai\u{308}ve", "cafe\u{301}|nai\u{308}ve"),
    ("ok👩\u{200D}👧!❤\u{FE0F}x", "ok|👩\u{200D}👧|!|❤\u{FE0F}|x"),
    ("我在北京大学学习。", "我|在|北|京|大|学|学|习|。"),
    ("コンピュータを使う、ー", "コンピュータ|を|使|う|、|ー"),
    ("ภาษาไทยง่าย นะ", "ภาษาไทยง่าย|นะ"),
    ("العَرَبِيّة، كتـاب ١٢٫٥٪", "العَرَبِيّة|،|كتـاب|١٢٫٥|٪"),
    ("한국어를 배워요", "한국어를|배워요"),
    ("👍🏽🇩🇪1\u{FE0F}\u{20E3}", "👍|🏽|🇩|🇪|1\u{FE0F}\u{20E3}"),
    ("\u{301}a", "\u{301}|a"),
    ("a\u{10FFFF}b", "a|\u{10FFFF}|b"),
  ])
  func scripts(line: String, expected: String) throws {
    #expect(try words(line).scalarValues == expected.scalarValues)
  }

  @Test(arguments: [
    ("a <unk> b", "a|<unk>|b"),
    ("<unk><unk>s", "<unk>|<unk>|s"),
    ("<", "<"), ("<u", "<|u"), ("<unk", "<|unk"), ("<unk<unk>", "<|unk|<unk>"),
    ("<unknown>", "<|unknown|>"), ("<u'x>", "<|u'x|>"), ("<<unk>", "<|<unk>"), ("< unk>", "<|unk|>"),
    ("<un\u{301}", "<|un\u{301}"), ("don'", "don|'"),
  ])
  func writtenOutUnknownToken(line: String, expected: String) throws {
    #expect(try words(line).scalarValues == expected.scalarValues)
  }

  @Test(arguments: [
    ("a </s> b", "a|</s>|b"), ("a </s", "a|<|/|s"), ("</", "<|/"), ("</u>", "<|/|u|>"), ("</s</s>.", "<|/|s|</s>|."),
    ("</\u{301}", "<|/\u{301}"), ("</sx>", "<|/|sx|>"),
  ])
  func writtenOutEndOfLine(line: String, expected: String) throws {
    #expect(try words(line).scalarValues == expected.scalarValues)
  }

  @Test func everyChunkSizeGivesTheSameTokens() throws {
    let text = "\u{FEFF}Don't <unk> 3.14 日本\r\n\r\n👩\u{200D}👧 naïve <un\r\nend'\r"
    let whole = try tokens(of: text, .word)
    #expect(
      whole == [
        "Don't", "<unk>", "3.14", "日", "本", "</s>", "👩\u{200D}👧", "naïve", "<", "un", "</s>", "end", "'", "</s>",
      ])
    for chunkSize in 8...64 { #expect(try tokens(of: text, .word, chunkSize: chunkSize) == whole) }
  }
}
