import Files

/// Reads UTF-8 text files in chunks, and hashes their bytes on the way.
///
/// What comes out is clean: valid UTF-8 in whole scalars, without a byte order mark at a file's start, and with one
/// newline for every CR LF. Memory is one chunk, however long the file or its lines are.
package struct TextReader: ~Copyable {
  package static let defaultChunkSize = 1 << 20

  private let chunkSize: Int
  private var hash = ContentHash()
  /// Carriage returns read so far that have no newline behind them.
  package private(set) var loneCarriageReturns = 0

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
      let text = Self.clean(&file.bytes, file.chunk, isStart: file.offset == 0)
      if text.upperBound > text.lowerBound { loneCarriageReturns += file.bytes[text].count { $0 == 0x0D } }
      // Taking out bytes that are ASCII leaves valid UTF-8 valid.
      try consume(UTF8Span(unchecked: file.bytes.span.extracting(text)))
    }
  }

  /// Takes out of UTF-8 what is no text, where it lies.
  ///
  /// - Parameter isStart: whether a byte order mark would be one.
  /// - Returns: where the text is then.
  static func clean(_ bytes: inout [UInt8], _ range: Range<Int>, isStart: Bool) -> Range<Int> {
    let start = isStart && bytes[range].hasByteOrderMark ? range.lowerBound + byteOrderMarkLength : range.lowerBound
    return start..<withoutCarriageReturns(&bytes, start..<range.upperBound)
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
