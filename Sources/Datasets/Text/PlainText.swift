/// Text without tags. What a token is, a tokenization says; sentences that are to be tagged are lines, with white space
/// between their words.
package struct PlainText: CorpusFormat {
  package let name = "text"
  package let title = "plain text"
  package var hasTags: Bool { false }
  package var hasTokens: Bool { false }

  package init() {}

  package func parser(of file: String) -> Parser { Parser() }

  /// At word and whitespace level a line is a sentence, and an empty line none; a file's last line needs no newline.
  /// At the other levels every character counts, empty lines included, and nothing is put in between files.
  package func read(
    _ paths: [String], _ tokenization: Tokenization, _ reading: CorpusReading = CorpusReading()
  ) throws(CorpusError) -> RecordedText {
    // The tokens of characters are many, and lie near the processor if the chunks are short.
    let chunkSize = tokenization.kind == .character ? min(reading.chunkSize, 1 << 16) : reading.chunkSize
    let reader = TextReader(paths, cut: tokenization.cut, chunkSize: chunkSize)
    let specialTokens = Vocabulary.specialTokens(tokenization)
    var record = CorpusRecord(
      of: paths, specialTokens: specialTokens, pruning: ChunkTokenizer.isPruned(tokenization) ? reading.pruning : .never
    )
    try OrderedWork.run(threads: reading.threads, on: reader, into: &record) {
      ChunkTokenizer(tokenization, specialTokens: specialTokens)
    }
    record.sourceSHA256 = reader.sourceSHA256
    record.loneCarriageReturns = reader.loneCarriageReturns
    let text = try record.finish()
    if text.tokens.count == 0 { throw .empty(paths: paths) }
    return text
  }

  package var hasSeveralTags: Bool { true }

  /// `word/TAG`, of several tags `word/TAG/TAG`, a sentence a line.
  package func tagged(
    _ sentence: TaggedSentence, _ tags: [[String]], notes: [TagNote]?, in columns: [TagColumn]
  ) -> [UInt8] {
    text(of: sentence.forms, tags, notes: notes, in: columns)
  }

  /// The same of words.
  package func text(of words: [String], _ tags: [[String]], notes: [TagNote]?, in columns: [TagColumn]) -> [UInt8] {
    Array((zip(words, tags).map { ([$0] + $1).joined(separator: "/") }.joined(separator: " ") + "\n").utf8)
  }

  /// Puts lines together, and finds their words.
  package struct Parser: SentenceParser {
    private var sentence = TaggedSentence()
    private var line = 1

    package mutating func advance(_ byte: UInt8) -> TaggedSentence? {
      sentence.bytes.append(byte)
      return byte == UInt8(ascii: "\n") ? end() : nil
    }

    package mutating func finish() -> TaggedSentence? { sentence.bytes.isEmpty ? nil : end() }

    private mutating func end() -> TaggedSentence {
      defer {
        sentence.removeAll()
        line += 1
      }
      let start = line == 1 && sentence.bytes.hasByteOrderMark ? byteOrderMarkLength : 0
      // Where the next scalar is, and where the word begins that is under way.
      var position = start
      var wordStart = start
      func addWord(_ sentence: inout TaggedSentence) {
        guard wordStart < position else { return }
        sentence.words.append(TaggedSentence.Word(line: line, form: wordStart..<position, tag: nil))
      }
      for scalar in String(decoding: sentence.bytes[start...], as: UTF8.self).unicodeScalars {
        let length = UTF8.width(scalar)
        if WhitespaceTokenizer.isWhitespace(scalar) {
          addWord(&sentence)
          wordStart = position + length
        }
        position += length
      }
      addWord(&sentence)
      return sentence
    }
  }
}

extension Tokenization {
  /// The token that ends a sentence.
  package var sentenceEnd: String {
    subwords?.lineEnd ?? (kind.isSeamless ? "\n" : Vocabulary.endOfLineToken)
  }

  /// The tokens of a text at hand, such as the prompt of `generate`, as they stand in it. It is cleaned as files are, but may
  /// end in the middle of a line: unlike a file's last line it gets no `</s>` then.
  package func tokens(of text: String) -> [String] {
    var bytes = Array(text.utf8)
    let clean = TextReader.clean(&bytes, bytes.indices, isStart: true)
    var tokenizer = self.tokenizer
    var run = TokenRun(specialTokens: Vocabulary.specialTokens(self))
    // Taking out bytes that are ASCII leaves valid UTF-8 valid.
    tokenizer.tokenize(UTF8Span(unchecked: bytes.span.extracting(clean)), isStart: true, into: &run)
    return run.tokens.map { run.table[Int($0)] }
  }
}

extension Vocabulary {
  /// The ids of the tokens of a text at hand.
  package func encode(_ text: String, _ tokenization: Tokenization) throws(CorpusError) -> [Int32] {
    var ids: [Int32] = []
    for token in tokenization.tokens(of: text) {
      guard let id = id(of: token) else { throw .unknownToken(token, paths: ["the prompt"]) }
      ids.append(id)
    }
    return ids
  }

  /// The id of what ends a sentence; nil if there is nothing of the kind, as in a text without line ends.
  package func sentenceEnd(_ tokenization: Tokenization) -> Int32? { table.number(of: tokenization.sentenceEnd) }

  /// What is read before a line: what ends a sentence, or else the most frequent token.
  package func beforeLine(_ tokenization: Tokenization) -> Int32 { sentenceEnd(tokenization) ?? mostFrequentId ?? 0 }

  /// The most frequent token but for special ones, in a vocabulary that this program has made.
  package var mostFrequentId: Int32? {
    (0..<Int32(count)).first { $0 != unknownId && $0 != endOfLineId }
  }
}
