import Files

/// Reads CoNLL-U files sentence by sentence, and hashes their bytes on the way.
///
/// Memory is one chunk and the longest sentence.
package struct TreebankReader: ~Copyable {
  private let chunkSize: Int
  private var hash = ContentHash()

  package init(chunkSize: Int = TextReader.defaultChunkSize) {
    self.chunkSize = chunkSize
  }

  /// The hash of the bytes of all files read so far, one after the other, as lowercase hexadecimal digits.
  package var sourceSHA256: String { hash.hex }

  /// Reads one file from start to end. A last sentence without its blank line counts.
  package mutating func read(
    _ path: String, _ consume: (TreebankSentence) throws(CorpusError) -> Void
  ) throws(CorpusError) {
    var file = try TextFile(.file(path), chunkSize: chunkSize)
    var parser = TreebankParser(path: path)
    while try file.advance(observe: { hash.update($0) }) {
      for i in file.chunk { if let sentence = try parser.advance(file.bytes[i]) { try consume(sentence) } }
    }
    if let sentence = try parser.finish() { try consume(sentence) }
  }
}

/// Puts lines together of bytes, and sentences of lines. The bytes of all sentences in a row are those that came in.
struct TreebankParser {
  /// What messages call the file.
  private let path: String
  private var line = 1
  private var lineStart = 0
  private var sentence = TreebankSentence()
  /// Whether the sentence has more than blank lines.
  private var hasContent = false

  init(path: String) {
    self.path = path
  }

  /// Takes in one byte, and returns the sentence that ends with it.
  mutating func advance(_ byte: UInt8) throws(CorpusError) -> TreebankSentence? {
    sentence.bytes.append(byte)
    if byte != UInt8(ascii: "\n") { return nil }
    let isBlank = try endLine(at: sentence.bytes.count - 1)
    return isBlank && hasContent ? endSentence() : nil
  }

  /// What stands at the file's end without a blank line behind it; blank lines alone make a sentence without words.
  mutating func finish() throws(CorpusError) -> TreebankSentence? {
    if sentence.bytes.count > lineStart { _ = try endLine(at: sentence.bytes.count) }
    return sentence.bytes.isEmpty ? nil : endSentence()
  }

  /// Returns whether the line is a blank one.
  private mutating func endLine(at end: Int) throws(CorpusError) -> Bool {
    defer {
      line += 1
      lineStart = sentence.bytes.count
    }
    var content = lineStart..<end
    if line == 1, sentence.bytes[content].hasByteOrderMark { content = byteOrderMarkLength..<end }
    if sentence.bytes[content].last == UInt8(ascii: "\r") { content = content.dropLast() }
    if content.isEmpty { return true }
    hasContent = true
    do {
      try sentence.addWord(in: content, line: line)
    } catch {
      throw .malformedTreebank(path: path, line: line, problem: error)
    }
    return false
  }

  private mutating func endSentence() -> TreebankSentence {
    defer {
      sentence.removeAll()
      lineStart = 0
      hasContent = false
    }
    return sentence
  }
}
