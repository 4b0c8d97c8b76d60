import Datasets
import Testing

/// How long a text is by Swift's own views of it.
private func extent(of text: String) -> TextExtent {
  TextExtent(
    characters: text.unicodeScalars.count,
    words: text.unicodeScalars.split { $0.properties.isWhitespace }.count, bytes: text.utf8.count)
}

@Suite struct TextExtentTests {
  private static let lines = (0..<40).map { "w\($0) é日本\u{3000}x  👩\u{200D}👧,\u{85}don't" } + ["", "   ", "last"]
  private static let text = lines.joined(separator: "\n") + "\n"

  private static func tokenizations() throws -> [Tokenization] {
    let files = try TemporaryFiles()
    let sources = CorpusSources(train: [try files.write("t", text)])
    let tokenizer = try BytePairTokenizer.trained(on: sources, settings: VocabularySettings(size: 300))
    return Tokenization.plain + [.bpe(tokenizer)]
  }

  @Test func everyTokenizationHasTheSameLengths() throws {
    for tokenization in try Self.tokenizations() {
      for chunkSize in [8, 9, 13, 100, 1 << 20] {
        let files = try TemporaryFiles()
        let paths = [try files.write("a", Self.text), try files.write("b", "no newline"), try files.write("c", "c\n")]
        let record = try PlainText().read(paths, tokenization, CorpusReading(chunkSize: chunkSize, threads: 3))
        #expect(record.extent == extent(of: Self.text) + extent(of: "no newline") + extent(of: "c\n"))
        #expect(try record.extents.bytes.all().last == Int64(record.extent.bytes))
      }
    }
  }

  @Test func splitsHaveTheirShares() throws {
    for tokenization in try Self.tokenizations() where tokenization != .character {
      let files = try TemporaryFiles()
      let dataset = try SequenceDataset.prepare(
        CorpusSources(train: [files.write("t", Self.text)], validation: .fraction(0.25)), tokenization: tokenization,
        vocabulary: VocabularySettings(),
        known: tokenization.subwords.map { KnownVocabulary(of: $0) })
      let (train, validation) = (dataset.splits[.train]?.extent, dataset.splits[.validation]?.extent)
      // Lines that are empty are none to words.
      let count = Self.lines.count - (tokenization.kind.isSeamless ? 0 : 2)
      let boundary = count * 3 / 4
      #expect(train == extent(of: Self.lines[..<boundary].map { $0 + "\n" }.joined()), "\(tokenization.kind)")
      #expect(validation == extent(of: Self.lines[boundary...].map { $0 + "\n" }.joined()), "\(tokenization.kind)")
    }
  }

  /// Eight bytes at a time where they are ASCII, whatever they are and wherever lines and words end in them.
  @Test func everyLineHasItsLength() throws {
    let scalars = Array("aZ09~!zzz \t \u{B}\u{C}\n\u{8}\u{E}\u{1C}\u{1F}\u{7F}é\u{85}日".unicodeScalars)
    let text =
      randomText(of: scalars + scalars.filter(\.isASCII) + scalars.filter(\.isASCII), count: 20_000, seed: 1) + "\n"
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { "\($0)\n" }
    for chunkSize in [8, 23, 1 << 20] {
      let files = try TemporaryFiles()
      let record = try PlainText().read(
        [try files.write("t", text)], .character, CorpusReading(chunkSize: chunkSize, threads: 2))
      var whole = TextExtent()
      for (index, line) in lines.enumerated() {
        whole = whole + extent(of: line)
        let found = TextExtent(
          characters: Int(try record.extents.characters.number(at: index)),
          words: Int(try record.extents.words.number(at: index)),
          bytes: Int(try record.extents.bytes.number(at: index)))
        #expect(found == whole, "\(line)")
      }
    }
  }

  @Test func aCutBetweenCharactersCutsTheLengths() throws {
    let files = try TemporaryFiles()
    let text = "ab cd\u{E9}f gh\nij"
    let dataset = try SequenceDataset.prepare(
      CorpusSources(train: [files.write("t", text)], validation: .fraction(0.5)), tokenization: .character,
      vocabulary: VocabularySettings())
    // A word belongs to where it begins.
    #expect(dataset.splits[.train]?.extent == TextExtent(characters: 6, words: 2, bytes: 7))
    #expect(dataset.splits[.validation]?.extent == TextExtent(characters: 7, words: 2, bytes: 7))
  }

  @Test func wordsOfTreebanksAreTheText() throws {
    let files = try TemporaryFiles()
    let text = "1\t10 000\t_\tX\t_\t_\t_\t_\t_\t_\n2\té\t_\tX\t_\t_\t_\t_\t_\t_\n\n"
    let dataset = try SequenceDataset.prepare(
      CorpusSources(train: [files.write("t", text)]), format: CoNLLU(), tokenization: .word,
      vocabulary: VocabularySettings())
    #expect(dataset.splits[.train]?.extent == TextExtent(characters: 7, words: 2, bytes: 8))
  }

  @Test func lossesAreDividedByLengths() {
    let loss = TextLoss(nats: 8 * 0.6931471805599453, of: TextExtent(characters: 0, words: 2, bytes: 4))
    #expect(abs(loss.perplexityPerWord - 16) < 1e-12 && abs(loss.perplexityPerByte - 4) < 1e-12)
    #expect(abs(loss.bitsPerByte - 2) < 1e-12 && loss.bitsPerCharacter.isNaN)
  }
}
