/// What a tagger is to tag, in one of the formats of a corpus.
///
/// Sentences come as they are read, so whoever writes into a pipe is answered at once. Memory is one chunk with its
/// sentences, and the longest sentence.
package struct TaggerInput: ~Copyable {
  /// Nil until it shows: before the first sentence comes.
  package private(set) var format: (any CorpusFormat)?
  private let otherwise: any CorpusFormat
  private var parser: (any SentenceParser)?
  private var file: TextFile
  /// What came before the format showed.
  private var beginning: [UInt8] = []
  /// Where in it the line begins that was read last.
  private var lineStart = 0
  /// What is wrong with the input behind the sentences that were given last.
  private var failure: CorpusError?

  /// - Parameters:
  ///   - format: nil to tell it by the file's name, or else by the first line that is neither empty nor begins with a `#`, as
  ///     comments do and hashtags.
  ///   - otherwise: the format where no name and no line shows one.
  package init(
    _ source: TextSource, format: (any CorpusFormat)? = nil, otherwise: any CorpusFormat = PlainText(),
    chunkSize: Int = TextReader.defaultChunkSize
  ) throws(CorpusError) {
    self.otherwise = otherwise
    file = try TextFile(source, chunkSize: chunkSize)
    let name = file.name
    self.format = format ?? CorpusFormats.all.first { $0.fileEndings.contains(where: name.hasSuffix) }
    parser = self.format?.parser(of: name)
  }

  /// The next sentences, at least one, or nil at the end. What is wrong with the input is thrown once all sentences before it
  /// have been given.
  package mutating func next() throws(CorpusError) -> [TaggedSentence]? {
    if let failure { throw failure }
    var sentences: [TaggedSentence] = []
    do throws(CorpusError) {
      while sentences.isEmpty {
        guard try file.advance() else {
          try finish(into: &sentences)
          return sentences.isEmpty ? nil : sentences
        }
        for i in file.chunk { try take(file.bytes[i], into: &sentences) }
      }
    } catch {
      let cause = file.cause(of: error)
      if sentences.isEmpty { throw cause }
      failure = cause
    }
    return sentences
  }

  private mutating func take(_ byte: UInt8, into sentences: inout [TaggedSentence]) throws(CorpusError) {
    if parser == nil {
      beginning.append(byte)
      if byte == UInt8(ascii: "\n") { try recognize(into: &sentences) }
    } else if let sentence = try parser?.advance(byte) {
      sentences.append(sentence)
    }
  }

  private mutating func finish(into sentences: inout [TaggedSentence]) throws(CorpusError) {
    if format == nil {
      try recognize(into: &sentences)
      // Plain text, usually: a hashtag is likelier than a comment on nothing, and blank lines are text as well as anything.
      if format == nil { try start(otherwise, into: &sentences) }
    }
    if let sentence = try parser?.finish() { sentences.append(sentence) }
  }

  private mutating func recognize(into sentences: inout [TaggedSentence]) throws(CorpusError) {
    let text = beginning[lineStart...].dropFirst(lineStart == 0 && beginning.hasByteOrderMark ? byteOrderMarkLength : 0)
    lineStart = beginning.count
    // Where lines end in CR alone, all of them have come.
    let lines = text.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
    guard let line = lines.first(where: { $0.first != UInt8(ascii: "#") }) else { return }
    try start(CorpusFormats.all.first { $0.recognizes(line) } ?? otherwise, into: &sentences)
  }

  private mutating func start(
    _ format: any CorpusFormat, into sentences: inout [TaggedSentence]
  ) throws(CorpusError) {
    self.format = format
    parser = format.parser(of: file.name)
    for byte in beginning { try take(byte, into: &sentences) }
    beginning = []
  }
}
