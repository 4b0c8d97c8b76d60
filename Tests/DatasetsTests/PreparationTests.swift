import Datasets
import Testing

private func prepare(
  _ text: String, _ tokenization: Tokenization, size: Int? = nil, minimumCount: Int = 1,
  validation: CorpusSources.HeldOut = .none, test: CorpusSources.HeldOut = .none
) throws -> SequenceDataset {
  let files = try TemporaryFiles()
  let sources = CorpusSources(train: [try files.write("train", text)], validation: validation, test: test)
  return try SequenceDataset.prepare(
    sources, tokenization: tokenization, vocabulary: VocabularySettings(size: size, minimumCount: minimumCount))
}

@Suite struct PreparationTests {
  @Test func idsAreByFrequencyThenByScalars() throws {
    let dataset = try prepare("b a é z\nb c Z b\n", .word)
    #expect(dataset.vocabulary.tokens == ["<unk>", "</s>", "b", "Z", "a", "c", "z", "é"])
    let train = try #require(dataset.splits[.train])
    #expect(train.tokens == [2, 4, 7, 6, 1, 2, 5, 3, 2, 1])
    #expect(train.offsets == [0, 5, 10])
    #expect(train.extent == TextExtent(characters: 16, words: 8, bytes: 17))
    #expect(train.tags.isEmpty && train.forms == nil && dataset.tagging == nil && dataset.forms.isEmpty)
    #expect(dataset.splits.count == 1)
  }

  @Test func characterVocabularyHasUnknownAndNoEndOfLine() throws {
    let dataset = try prepare("aab\n", .character)
    #expect(dataset.vocabulary.tokens == ["<unk>", "a", "\n", "b"])
    #expect(dataset.splits[.train]?.tokens == [1, 1, 3, 2])
  }

  @Test func tokensThatDontFitAreUnknown() throws {
    let text = "a a a b b c <unk>\n"
    #expect(try prepare(text, .word, size: 4).vocabulary.tokens == ["<unk>", "</s>", "a", "b"])
    #expect(try prepare(text, .word, size: 4).splits[.train]?.tokens == [2, 2, 2, 3, 3, 0, 0, 1])
    #expect(try prepare(text, .word, minimumCount: 3).vocabulary.tokens == ["<unk>", "</s>", "a"])
    #expect(try prepare(text, .word, size: 1000).vocabulary.count == 5)
    let error = #expect(throws: CorpusError.self) { try prepare(text, .word, size: 2) }
    #expect(error == .vocabularyTooSmall(size: 2, minimum: 3))
    #expect(error?.description == "data.vocabulary.size: expected at least 3, special tokens included, found 2")
  }

  @Test func aVocabularyOfSpecialTokensAloneIsRefused() throws {
    func refuses(_ text: String, minimumCount: Int, _ expected: String) throws {
      let error = #expect(throws: CorpusError.self) { try prepare(text, .word, minimumCount: minimumCount) }
      #expect(error?.description.hasSuffix("/train: expected \(expected)") == true)
    }
    try refuses(
      "a a b\n", minimumCount: 3,
      "a token with a count of at least 3, but the highest count is 2; lower data.vocabulary.min_count")
    try refuses("<unk>\n", minimumCount: 1, "tokens to learn, found none but special ones")
    #expect(try prepare("a a b\n", .word, minimumCount: 2).vocabulary.count == 3)
  }

  @Test func canonicallyEquivalentTokensAreTwo() throws {
    let dataset = try prepare("\u{E9} e\u{301} \u{E9}\n", .word)
    #expect(dataset.vocabulary.tokens.map(\.scalarValues).suffix(2) == [[0xE9], [0x65, 0x301]])
    #expect(dataset.splits[.train]?.tokens == [2, 3, 2, 1])
    #expect(dataset.vocabulary.id(of: "e\u{301}") == 3)
    #expect(Vocabulary.repeatedToken(in: dataset.vocabulary.tokens) == nil)
    #expect(Vocabulary.repeatedToken(in: ["a", "b", "a"]) == "a")
    #expect(Vocabulary(tokens: ["\u{E9}"]) != Vocabulary(tokens: ["e\u{301}"]))
  }

  @Test func vocabularyIsThatOfTheTrainingSplit() throws {
    let files = try TemporaryFiles()
    let sources = CorpusSources(
      train: [try files.write("train", "a b\n")], validation: .files([try files.write("valid", "b c\n")]),
      test: .files([try files.write("test", "a\na\n")]))
    let dataset = try SequenceDataset.prepare(sources, tokenization: .word, vocabulary: VocabularySettings())
    #expect(dataset.vocabulary.tokens == ["<unk>", "</s>", "a", "b"])
    #expect(dataset.splits[.validation]?.tokens == [3, 0, 1])
    #expect(dataset.splits[.test]?.tokens == [2, 1, 2, 1])
    #expect(dataset.splits[.test]?.sourceSHA256 != dataset.splits[.train]?.sourceSHA256)
  }

  @Test func aFractionOfSentencesIsHeldOut() throws {
    let lines = (0..<10).map { "w\($0) x\n" }.joined(separator: "\n")
    let dataset = try prepare(lines, .word, validation: .fraction(0.2), test: .fraction(0.1))
    let (train, validation, test) = (dataset.splits[.train], dataset.splits[.validation], dataset.splits[.test])
    // Words of the held-out lines alone are unknown; ids are <unk> </s> x w0 w1 …
    #expect(dataset.vocabulary.count == 10)
    #expect(train?.tokens == Column((0..<7).flatMap { [Int32($0) + 3, 2, 1] }))
    #expect(train?.offsets == [0, 3, 6, 9, 12, 15, 18, 21])
    #expect(validation?.tokens == [0, 2, 1, 0, 2, 1] && validation?.offsets == [0, 3, 6])
    #expect(test?.tokens == [0, 2, 1] && test?.offsets == [0, 3])
    // Lines of 5 characters, and an empty one before each but the first.
    #expect(train?.extent.characters == 41 && validation?.extent.characters == 12 && test?.extent.characters == 6)
    #expect(train?.sourceSHA256 == test?.sourceSHA256)
  }

  @Test func aFractionOfCharactersMayCutALine() throws {
    let text = "a\nbc\ndef\nx"
    let dataset = try prepare(text, .character, validation: .fraction(0.3), test: .fraction(0.3))
    func string(_ split: Split) throws -> String? {
      try dataset.splits[split]?.tokens.all().map { dataset.vocabulary.tokens[Int($0)] }.joined()
    }
    #expect(try string(.train) == "a\nbc" && dataset.splits[.train]?.offsets == [0, 2, 4])
    #expect(try string(.validation) == "\n<unk><unk>" && dataset.splits[.validation]?.offsets == [0, 1, 3])
    #expect(try string(.test) == "<unk>\n<unk>" && dataset.splits[.test]?.offsets == [0, 2, 3])
    #expect(Split.allCases.map { dataset.splits[$0]?.extent.characters } == [4, 3, 3])
  }

  @Test func partsMakeTheWholeAgain() throws {
    let text = (0..<57).map { "w\($0 % 7)" + ($0 % 3 == 0 ? "\n" : " ") + ($0 % 9 == 0 ? "\n" : "") }.joined()
    for tokenization in Tokenization.plain {
      let whole = try #require(try prepare(text, tokenization).splits[.train])
      let sizes = [(0.05, 0.05), (0.3, 0.1), (0.5, 0.4)]
      for (validation, test) in sizes {
        let dataset = try prepare(text, tokenization, validation: .fraction(validation), test: .fraction(test))
        let parts = Split.allCases.compactMap { dataset.splits[$0] }
        #expect(parts.map(\.tokens.count).reduce(0, +) == whole.tokens.count)
        #expect(parts.map(\.extent).reduce(TextExtent(), +) == whole.extent)
        for part in parts {
          let offsets = try part.offsets.all()
          #expect(offsets.first == 0 && offsets.last == Int64(part.tokens.count))
          #expect(zip(offsets, offsets.dropFirst()).allSatisfy(<))
        }
      }
    }
  }

  @Test func positionsAreExact() throws {
    // 0.05 is not a binary fraction; 20 characters and a twentieth are one character all the same.
    for units in [20, 100, 1_000, 33_340] {
      let text = String(repeating: "a", count: units)
      let dataset = try prepare(text, .character, validation: .fraction(0.05), test: .fraction(0.05))
      #expect(dataset.splits[.train]?.tokens.count == units * 90 / 100)
      #expect(dataset.splits[.validation]?.tokens.count == units * 95 / 100 - units * 90 / 100)
    }
  }

  @Test(arguments: [(0.5, 0.5), (-0.1, 0), (0, 1.5), (.nan, 0), (0, .infinity)] as [(Double, Double)])
  func fractionsThatLeaveNothingAreRefused(validation: Double, test: Double) throws {
    let error = #expect(throws: CorpusError.self) {
      try prepare("a\n", .word, validation: .fraction(validation), test: .fraction(test))
    }
    #expect(error?.description.hasPrefix("data.validation.split, data.test.split: expected fractions") == true)
  }

  @Test func emptySplitsAreRefused() throws {
    let text = "a\nb\nc\n"
    func refuses(_ validation: CorpusSources.HeldOut, _ test: CorpusSources.HeldOut, _ expected: String) {
      let error = #expect(throws: CorpusError.self) {
        try prepare(text, .word, validation: validation, test: test)
      }
      #expect(error?.description.hasSuffix("/train: the \(expected), or use a longer text") == true)
    }
    refuses(
      .fraction(0), .none, "validation split of its 3 sentences would be empty; raise data.validation.split")
    refuses(.none, .fraction(1e-9), "test split of its 3 sentences would be empty; raise data.test.split")
    refuses(
      .fraction(0.9), .none,
      "train split of its 3 sentences would be empty; lower data.validation.split or data.test.split")
  }

  /// Characters whose numbers take one byte and two, lines that take one, two and four, and a file for what is more than some
  /// thousands: each comes back as it was, by any part of it.
  @Test(arguments: [1, 3])
  func longTextsComeBack(threads: Int) throws {
    let files = try TemporaryFiles()
    var text = ""
    for line in 0..<40_000 {
      let length = line == 20_000 ? 300_000 : line % 5000 == 0 ? 1000 : line % 17
      // Many different ones from the middle on.
      let first = UInt32(line < 20_000 ? 0x61 : 0x4E00 + line % 400)
      text.unicodeScalars.append(contentsOf: (0..<length).map { Unicode.Scalar(first + UInt32($0 % 26)) ?? "?" })
      text += "\n"
    }
    let recorded = try PlainText().read([files.write("text", text)], .character, CorpusReading(threads: threads))
    let scalars = Array(text.unicodeScalars)
    let all = (0..<0x5200).compactMap { Unicode.Scalar(UInt32($0)).map { String($0) } }
    let ids = try recorded.whole.sequence(in: Vocabulary(tokens: all)).tokens
    #expect(try ids.all() == scalars.map { Int32($0.value) })
    let ends = scalars.indices.filter { scalars[$0] == "\n" }.map { Int64($0 + 1) }
    #expect(try recorded.ends.all() == ends)
    #expect(try recorded.extents.characters.all() == ends)
    #expect(try recorded.extents.bytes.number(at: 39_999) == Int64(text.utf8.count))
    for start in [0, 16_383, 16_384, 131_071, 250_000, scalars.count - 3] {
      let range = start..<start + 3
      #expect(try ids.numbers(in: range, as: UInt16.self) == scalars[range].map { UInt16($0.value) })
      #expect(
        try ids[start..<scalars.count].numbers(in: 1..<3, as: UInt16.self)
          == scalars[range][(start + 1)...].map { UInt16($0.value) })
    }
  }

  @Test(arguments: Tokenization.plain)
  func preparingTwiceGivesTheSame(tokenization: Tokenization) throws {
    let text = (0..<500).map { "w\($0 * 37 % 101) x\($0 % 13).\n" }.joined()
    let once = try prepare(text, tokenization, size: 50, validation: .fraction(0.1))
    #expect(try prepare(text, tokenization, size: 50, validation: .fraction(0.1)) == once)
    #expect(once.vocabulary.count <= 50)
  }
}
