import Files

/// Reads UTF-8 text files in chunks, and hashes their bytes on the way.
///
/// What comes out is clean: valid UTF-8 in whole scalars, without a byte order mark at a file's start, and with one
/// newline for every CR LF. Memory is one chunk, however long the file or its lines are.
package struct TextReader: ~Copyable {
  package static let defaultChunkSize = 1 << 20

  private let chunkSize: Int
  private var hash = ContentHash()

  package init(chunkSize: Int = defaultChunkSize) {
    self.chunkSize = chunkSize
  }

  /// The hash of the bytes of all files read so far, one after the other, as lowercase hexadecimal digits.
  package var sourceSHA256: String { hash.hex }

  /// Reads one file from start to end; a pipe will do.
  package mutating func read(
    _ path: String, _ consume: (UTF8Span) throws(CorpusError) -> Void
  ) throws(CorpusError) {
    var file = try TextFile(.file(path), chunkSize: chunkSize)
    while try file.advance(observe: { hash.update($0) }) {
      let start = file.offset == 0 && file.bytes[file.chunk].hasByteOrderMark ? byteOrderMarkLength : 0
      let end = Self.withoutCarriageReturns(&file.bytes, start..<file.chunk.upperBound)
      // Taking out bytes that are ASCII leaves valid UTF-8 valid.
      try consume(UTF8Span(unchecked: file.bytes.span.extracting(start..<end)))
    }
  }

  /// Makes CR LF newlines, and returns where the bytes end then.
  private static func withoutCarriageReturns(_ bytes: inout [UInt8], _ range: Range<Int>) -> Int {
    guard var end = bytes[range].firstIndex(of: 0x0D) else { return range.upperBound }
    for i in end..<range.upperBound {
      if bytes[i] == 0x0D, i + 1 < range.upperBound, bytes[i + 1] == 0x0A { continue }
      bytes[end] = bytes[i]
      end += 1
    }
    return end
  }
}
