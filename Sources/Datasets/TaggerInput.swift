/// What a tagger is to tag: CoNLL-U, or plain text with one sentence a line and white space between its words.
///
/// Sentences come as they are read, so whoever writes into a pipe is answered at once. Memory is one chunk with its
/// sentences, and the longest sentence.
package struct TaggerInput: ~Copyable {
  package enum Format: String, CaseIterable, Sendable {
    case conllu, text
  }

  package enum Sentence: Sendable {
    /// The bytes of all sentences in a row are those of the file.
    case treebank(TreebankSentence)
    /// The words of a line, none for an empty one.
    case line([String])
  }

  /// Nil until it shows.
  private var format: Format?
  private var file: TextFile
  /// What came before the format showed.
  private var beginning: [UInt8] = []
  /// Where in it the line begins that was read last.
  private var lineStart = 0
  private var treebank: TreebankParser
  private var line = PlainTextLine()

  /// - Parameter format: nil to tell it by the file's name, which ends in `.conllu`, or else by the first line that is
  ///   neither empty nor begins with a `#`, as comments do and hashtags: in CoNLL-U it has a number in the first of ten
  ///   columns.
  package init(
    _ source: TextSource, format: Format? = nil, chunkSize: Int = TextReader.defaultChunkSize
  ) throws(CorpusError) {
    file = try TextFile(source, chunkSize: chunkSize)
    self.format = format ?? (file.name.hasSuffix(".conllu") ? .conllu : nil)
    treebank = TreebankParser(path: file.name)
  }

  /// The next sentences, at least one, or nil at the end.
  package mutating func next() throws(CorpusError) -> [Sentence]? {
    var sentences: [Sentence] = []
    while sentences.isEmpty {
      guard try file.advance() else {
        try finish(into: &sentences)
        return sentences.isEmpty ? nil : sentences
      }
      for i in file.chunk { try take(file.bytes[i], into: &sentences) }
    }
    return sentences
  }

  private mutating func take(_ byte: UInt8, into sentences: inout [Sentence]) throws(CorpusError) {
    switch format {
    case .conllu: if let sentence = try treebank.advance(byte) { sentences.append(.treebank(sentence)) }
    case .text: if let words = line.advance(byte) { sentences.append(.line(words)) }
    case nil:
      beginning.append(byte)
      if byte == UInt8(ascii: "\n") { try recognize(into: &sentences) }
    }
  }

  private mutating func finish(into sentences: inout [Sentence]) throws(CorpusError) {
    if format == nil {
      try recognize(into: &sentences)
      // A hashtag is likelier than a comment on nothing, and blank lines are text as well as anything.
      if format == nil { try start(.text, into: &sentences) }
    }
    if let sentence = try treebank.finish() { sentences.append(.treebank(sentence)) }
    if let words = line.finish() { sentences.append(.line(words)) }
  }

  private mutating func recognize(into sentences: inout [Sentence]) throws(CorpusError) {
    let text = beginning[lineStart...].dropFirst(lineStart == 0 && beginning.hasByteOrderMark ? byteOrderMarkLength : 0)
    lineStart = beginning.count
    let line = text.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }).first
    guard let line, line.first != UInt8(ascii: "#") else { return }
    try start(TreebankSentence.isWordLine(line) ? .conllu : .text, into: &sentences)
  }

  private mutating func start(_ format: Format, into sentences: inout [Sentence]) throws(CorpusError) {
    self.format = format
    for byte in beginning { try take(byte, into: &sentences) }
    beginning = []
  }
}

/// Puts together a line of plain text, and cuts it into words at white space.
private struct PlainTextLine {
  private var bytes: [UInt8] = []
  private var isFirst = true

  /// Takes in one byte, and returns the words of the line that ends with it.
  mutating func advance(_ byte: UInt8) -> [String]? {
    if byte == UInt8(ascii: "\n") { return end() }
    bytes.append(byte)
    return nil
  }

  mutating func finish() -> [String]? { bytes.isEmpty ? nil : end() }

  private mutating func end() -> [String] {
    if isFirst, bytes.hasByteOrderMark { bytes.removeFirst(byteOrderMarkLength) }
    isFirst = false
    let words = String(decoding: bytes, as: UTF8.self).unicodeScalars
      .split(whereSeparator: WhitespaceTokenizer.isWhitespace)
      .map { String($0) }
    bytes.removeAll(keepingCapacity: true)
    return words
  }
}
