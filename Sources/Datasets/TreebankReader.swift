/// Reads CoNLL-U files sentence by sentence, and hashes their bytes on the way.
///
/// Memory is one chunk and the longest sentence.
package struct TreebankReader {
  private var reader: TextReader

  package init(chunkSize: Int = TextReader.defaultChunkSize) {
    reader = TextReader(chunkSize: chunkSize)
  }

  /// The hash of the bytes of all files read so far, one after the other, as lowercase hexadecimal digits.
  package var sourceSHA256: String { reader.sourceSHA256 }

  /// Reads one file from start to end. A last sentence without its blank line counts; blank lines in a row are one.
  package mutating func read(
    _ path: String, _ consume: (TreebankSentence) throws(CorpusError) -> Void
  ) throws(CorpusError) {
    var parser = Parser(path: path)
    try reader.read(path) { (text) throws(CorpusError) in
      let bytes = text.span
      for i in bytes.indices { try parser.advance(bytes[i], consume) }
    }
    try parser.finish(consume)
  }

  /// Puts lines together, and sentences of lines.
  private struct Parser {
    let path: String
    private var line = 1
    private var lineStart = 0
    private var sentence = TreebankSentence()

    init(path: String) {
      self.path = path
    }

    mutating func advance(
      _ byte: UInt8, _ consume: (TreebankSentence) throws(CorpusError) -> Void
    ) throws(CorpusError) {
      if byte != UInt8(ascii: "\n") {
        sentence.bytes.append(byte)
      } else if sentence.bytes.count == lineStart {
        try endSentence(consume)
        line += 1
      } else {
        try endLine()
      }
    }

    mutating func finish(_ consume: (TreebankSentence) throws(CorpusError) -> Void) throws(CorpusError) {
      if sentence.bytes.count > lineStart { try endLine() }
      try endSentence(consume)
    }

    private mutating func endLine() throws(CorpusError) {
      do {
        try sentence.addWord(in: lineStart..<sentence.bytes.count, line: line)
      } catch {
        throw .malformedTreebank(path: path, line: line, problem: error)
      }
      sentence.bytes.append(UInt8(ascii: "\n"))
      lineStart = sentence.bytes.count
      line += 1
    }

    private mutating func endSentence(
      _ consume: (TreebankSentence) throws(CorpusError) -> Void
    ) throws(CorpusError) {
      if sentence.bytes.isEmpty { return }
      try consume(sentence)
      sentence.removeAll()
      lineStart = 0
    }
  }
}
