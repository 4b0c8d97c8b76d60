import Files

/// Reads files of a format sentence by sentence, and hashes their bytes on the way.
///
/// Memory is one chunk and the longest sentence.
package struct SentenceReader<Format: CorpusFormat>: ~Copyable {
  private let format: Format
  private let chunkSize: Int
  private var hash = ContentHash()

  package init(_ format: Format, chunkSize: Int = TextReader.defaultChunkSize) {
    self.format = format
    self.chunkSize = chunkSize
  }

  /// The hash of the bytes of all texts read so far, one after the other, as lowercase hexadecimal digits.
  package var sourceSHA256: String { hash.hex }

  /// Reads one file from start to end.
  package mutating func read(
    _ path: String, _ consume: (TaggedSentence) throws(CorpusError) -> Void
  ) throws(CorpusError) {
    var file = try TextFile(.file(path), chunkSize: chunkSize)
    var parser = format.parser(of: path)
    do throws(CorpusError) {
      while try file.advance(observe: { hash.update($0) }) {
        for i in file.chunk { if let sentence = try parser.advance(file.bytes[i]) { try consume(sentence) } }
      }
      if let sentence = try parser.finish() { try consume(sentence) }
    } catch {
      throw file.cause(of: error)
    }
  }
}
