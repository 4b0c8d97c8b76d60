import Datasets
import Foundation
import Testing

/// Tokenizers, texts and ids as Hugging Face's package has them: see Golden/make_tokenizers.py.
private struct Golden: Decodable {
  struct Case: Decodable {
    struct Text: Decodable {
      let text: String
      let ids: [Int32]
    }

    let name: String
    let tokenizer: String
    let texts: [Text]
  }

  let cases: [Case]
  let corpus: String
  let merges: [[String]]
  let vocabulary: [String]

  static let all: Golden = {
    do {
      let url = try #require(Bundle.module.url(forResource: "tokenizers", withExtension: "json"))
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    } catch {
      preconditionFailure("tokenizers.json: \(error)")
    }
  }()
}

/// Text put together again of its tokens.
private func joined(_ tokens: [String], _ tokenization: Tokenization) -> String {
  var joiner = TextJoiner(tokenization)
  return tokens.map { joiner.append($0) }.joined()
}

private func trained(
  on text: String, size: Int, minimumCount: Int = 1, validation: CorpusSources.HeldOut = .none
) throws -> BytePairTokenizer {
  let files = try TemporaryFiles()
  return try .trained(
    on: CorpusSources(train: [files.write("t", text)], validation: validation),
    settings: VocabularySettings(size: size, minimumCount: minimumCount))
}

@Suite struct SubwordTests {
  @Test func idsAreThoseOfTokenizers() throws {
    for golden in Golden.all.cases {
      let tokenizer = try BytePairTokenizer(json: golden.tokenizer)
      let (vocabulary, tokenization) = (tokenizer.vocabulary, Tokenization.bpe(tokenizer))
      for text in golden.texts {
        #expect(
          try vocabulary.encode(text.text, tokenization) == text.ids, "\(golden.name): \(text.text.debugDescription)")
      }
    }
  }

  @Test func howATextIsCutIntoPiecesNeverShows() throws {
    for golden in Golden.all.cases {
      let tokenizer = try BytePairTokenizer(json: golden.tokenizer)
      for (index, text) in golden.texts.enumerated() where !text.ids.isEmpty {
        let found = try tokens(of: text.text, .bpe(tokenizer), chunkSize: 8 + index % 20)
        #expect(
          found.map { tokenizer.vocabulary.id(of: $0) } == text.ids, "\(golden.name): \(text.text.debugDescription)")
      }
    }
  }

  @Test func mergesAreThoseOfTokenizers() throws {
    let tokenizer = try trained(on: Golden.all.corpus, size: 420)
    #expect(tokenizer.vocabulary.tokens == Golden.all.vocabulary)
    let parts = try #require(try JSONSerialization.jsonObject(with: Data(tokenizer.json.utf8)) as? [String: Any])
    #expect((parts["model"] as? [String: Any])?["merges"] as? [[String]] == Golden.all.merges)
  }

  // MARK: nothing is lost

  @Test func everyTextComesBackFromBytes() throws {
    let tokenizer = try trained(on: Golden.all.corpus, size: 400)
    let scalars = Array("aé1'., \n\t日の\u{301}\u{200D}👩❤\u{FE0F}\u{A0}\u{3000}\u{10FFFF}\u{1}\u{85}".unicodeScalars)
    for seed in 0..<200 {
      let text = randomText(of: scalars, count: 40, seed: seed, behind: "x")
      let found = try tokens(of: text, .bpe(tokenizer), chunkSize: 8 + seed % 16)
      #expect(joined(found, .bpe(tokenizer)).scalarValues == text.scalarValues)
      #expect(!found.contains { tokenizer.vocabulary.id(of: $0) == nil })
    }
  }

  @Test func spaceMarksBecomeSpaces() throws {
    for golden in Golden.all.cases where golden.name.hasPrefix("metaspace") || golden.name == "llama" {
      let tokenization = Tokenization.bpe(try BytePairTokenizer(json: golden.tokenizer))
      let text = "the queen saw the old dog, and the cat"
      #expect(joined(tokenization.tokens(of: text), tokenization) == text, "\(golden.name)")
    }
    let words = try #require(Golden.all.cases.first { $0.name == "words" })
    let tokenization = Tokenization.bpe(try BytePairTokenizer(json: words.tokenizer))
    #expect(!joined(tokenization.tokens(of: "the queen"), tokenization).contains("▁"))
  }

  // MARK: learning

  @Test func onlyTheTrainingSplitIsLearntFrom() throws {
    let lines = (0..<90).map { _ in "abab abab\n" }.joined()
    let held = (0..<10).map { _ in "xyxyxyxy xyxyxyxy xyxyxyxy xyxyxyxy\n" }.joined()
    let whole = try trained(on: lines, size: 300)
    #expect(try trained(on: lines + held, size: 300, validation: .fraction(0.1)) == whole)
    #expect(try trained(on: lines + held, size: 300) != whole)
    #expect(!whole.vocabulary.tokens.contains { $0.contains("xy") })
  }

  @Test func rarePairsStayApart() throws {
    // "ab" three times, " a" twice, "cd" once.
    let tokenizer = try trained(on: "ab ab ab\ncd\n", size: 300, minimumCount: 2)
    #expect(tokenizer.vocabulary.tokens.dropFirst(256) == ["ab", "Ġab"])
  }

  @Test func aNewlineIsATokenThatEndsASentence() throws {
    let tokenizer = try trained(on: "a\n\n\nb\n\n\nc\n\n", size: 300)
    #expect(tokenizer.lineEnd == "Ċ")
    let files = try TemporaryFiles()
    let record = try PlainText().read([files.write("t", "é a\n\nb")], .bpe(tokenizer))
    #expect(try record.tokenTexts().suffix(3) == ["Ċ", "Ċ", "b"])
    #expect(record.ends.count == 3 && record.extents.characters == [4, 5, 6] && record.extent.characters == 6)
  }

  @Test func aSizeWithoutRoomForMergesIsRefused() throws {
    #expect(throws: CorpusError.vocabularyTooSmall(size: 256, minimum: 257)) { try trained(on: "a", size: 256) }
    #expect(throws: CorpusError.self) { try trained(on: "", size: 300) }
  }
}

@Suite struct TokenizerFileTests {
  /// A file with one thing changed.
  private static func file(_ change: (String, String)) throws -> String {
    let whole = """
      {"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "model": {"type": "BPE", "dropout": null,
      "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
      """
    let changed = whole.replacingOccurrences(of: change.0, with: change.1)
    try #require(changed != whole, "\(change)")
    return changed
  }

  @Test(arguments: [
    ((#""BPE""#, #""Unigram""#), "model: Unigram isn't supported; it should be BPE"),
    ((#""type": "BPE""#, #""type": "WordPiece""#), "model: WordPiece isn't supported; it should be BPE"),
    ((#""dropout": null"#, #""dropout": 0.1"#), "model.dropout: 0.1 isn't supported; tokens are the same each time"),
    (
      (#""dropout": null"#, #""end_of_word_suffix": "</w>""#),
      "model.end_of_word_suffix: \"</w>\" isn't supported; it should be null"
    ),
    ((#""ab": 2"#, #""ab": 3"#), "model.vocab: expected ids without gaps, found none that is 2"),
    ((#""ab": 2"#, #""ab": 9999999"#), "model.vocab: expected ids without gaps, found none that is 2"),
    ((#""ab": 2"#, #""ab": 1"#), "model.vocab: expected one token for the id 1, found \"b\" and \"ab\""),
    ((#""ab": 2"#, #""ab": 1e300"#), "model.vocab of \"ab\": expected an id from 0 to 9999999"),
    ((#""ab": 2"#, #""ab": -1"#), "model.vocab of \"ab\": expected an id from 0 to 9999999"),
    ((#""a b""#, #""a c""#), "model.merges[0]: expected a token of model.vocab, found \"c\""),
    ((#""a b""#, #""a""#), "model.merges[0]: expected two tokens"),
    (
      ("null, \"pre", "{\"type\": \"Precompiled\"}, \"pre"),
      "normalizer: Precompiled isn't supported; NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Prepend and Replace are"
    ),
    (
      (#"{"type": "Whitespace"}"#, #"{"type": "Sequence", "pretokenizers": [{"type": "UnicodeScripts"}]}"#),
      "pre_tokenizer.pretokenizers[0]: UnicodeScripts isn't supported; ByteLevel, Metaspace, Whitespace, WhitespaceSplit, "
        + "BertPreTokenizer, Punctuation, Digits and Split are"
    ),
    (
      (#"{"type": "Whitespace"}"#, #"{"type": "Split", "pattern": {"Regex": "x+"}, "behavior": "Isolated"}"#),
      "pre_tokenizer: a split at x+ isn't supported; one at a text or by GPT-2's expression is"
    ),
    (
      (#"{"type": "Whitespace"}"#, "null"), "pre_tokenizer: none isn't supported; BPE would merge across a whole text"
    ),
    (
      ("\"added_tokens\": []", #""added_tokens": [{"id": 3, "content": "<m>", "rstrip": true}]"#),
      "added_tokens[0] \"<m>\": rstrip isn't supported; only lstrip is"
    ),
    (
      ("null, \"pre", #"{"type": "Replace", "pattern": {"String": " "}, "content": ""}, "pre"#),
      "normalizer: Replace of white space isn't supported; only that of a space by what words begin with is"
    ),
    (
      (#"{"type": "Whitespace"}"#, #"{"type": "Digits"}"#),
      "pre_tokenizer: one that doesn't cut at spaces isn't supported; BPE would merge across a whole text"
    ),
    ((#"{"a": 0, "b": 1, "ab": 2}"#, "{}"), "model.vocab: expected at least one token"),
    ((#""merges": ["a b"]"#, #""merges": ["a b""#), "expected JSON: \",\" or \"]\" at byte 176"),
    (("\"added", "added"), "expected JSON: a name in quotation marks at byte 1"),
  ])
  func whatIsntReadIsNamed(change: (String, String), message: String) throws {
    let error = #expect(throws: TokenizerProblem.self) { try BytePairTokenizer(json: Self.file(change)) }
    #expect(error?.description == message)
  }

  @Test func tokensDifferByTheirBytes() throws {
    let json = try Self.file((#""ab": 2"#, #""ab": 2, "\u00e9": 3, "e\u0301": 4, "\ud83d\ude00": 5"#))
    #expect(
      try BytePairTokenizer(json: json).vocabulary.tokens.map(\.scalarValues).suffix(3) == [
        [0xE9], [0x65, 0x301], [0x1F600],
      ])
  }

  @Test func nestedBracketsTakeNoStack() {
    let error = #expect(throws: TokenizerProblem.self) {
      try BytePairTokenizer(json: String(repeating: "[", count: 1_000_000))
    }
    #expect(error?.description.hasPrefix("expected JSON: at most 100 values within each other") == true)
  }

  @Test func aFileIsNamedWithItsProblem() throws {
    let files = try TemporaryFiles()
    let path = try files.write("t.json", "{}")
    let error = #expect(throws: CorpusError.self) { try BytePairTokenizer.read(path) }
    #expect(error?.description == "\(path): model: expected a model of the type BPE, found none")
  }
}
