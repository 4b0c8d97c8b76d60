import Files
import Synchronization

/// Reads UTF-8 text files in chunks, and hashes their bytes on the way: on a thread of its own, a chunk ahead.
///
/// What comes out is clean: valid UTF-8 in whole scalars, without a byte order mark at a file's start, and with one
/// newline for every CR LF. Memory is three chunks, however long the file or its lines are.
package struct TextReader: ~Copyable {
  package static let defaultChunkSize = 1 << 20

  private let chunkSize: Int
  private let chunks = TextChunks()

  package init(chunkSize: Int = defaultChunkSize) {
    self.chunkSize = chunkSize
  }

  /// The hash of the bytes of all texts read so far, one after the other, as lowercase hexadecimal digits.
  package var sourceSHA256: String { chunks.sourceSHA256 }

  /// Carriage returns read so far that have no newline behind them.
  package var loneCarriageReturns: Int { chunks.loneCarriageReturns }

  /// Reads one file from start to end; a pipe will do.
  package mutating func read(
    _ path: String, _ consume: (UTF8Span) throws(CorpusError) -> Void
  ) throws(CorpusError) {
    let file = try chunks.open(path, chunkSize: chunkSize)
    let reading = ReadAhead { [chunks] (_: Int) throws(CorpusError) in try chunks.next(of: file) }
    var number = 0
    while let text = try reading.value(number, following: number + 1) {
      // Taking out bytes that are ASCII leaves valid UTF-8 valid.
      try consume(UTF8Span(unchecked: text.span))
      number += 1
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

/// The chunks of files, in order, for whichever thread asks.
private final class TextChunks: Sendable {
  private struct State: ~Copyable {
    /// Nil at its end.
    var file: TextFile?
    /// Files opened so far.
    var count = 0
    var hash = ContentHash()
    var loneCarriageReturns = 0
  }

  private let state = Mutex(State())

  var sourceSHA256: String { state.withLock { $0.hash.hex } }
  var loneCarriageReturns: Int { state.withLock { $0.loneCarriageReturns } }

  /// Goes on with another file, and returns its number.
  func open(_ path: String, chunkSize: Int) throws(CorpusError) -> Int {
    try state.withLock { (state) throws(CorpusError) in
      state.file = try TextFile(.file(path), chunkSize: chunkSize)
      state.count += 1
      return state.count
    }
  }

  /// The text of a file's next chunk; nil at its end, once it could not be read, and where another file is open by now.
  func next(of number: Int) throws(CorpusError) -> [UInt8]? {
    try state.withLock { (state) throws(CorpusError) -> [UInt8]? in
      guard number == state.count, var file = state.file.take(), try file.advance(observe: { state.hash.update($0) })
      else { return nil }
      let range = TextReader.clean(&file.bytes, file.chunk, isStart: file.offset == 0)
      let text = Array(file.bytes[range.lowerBound..<max(range.lowerBound, range.upperBound)])
      state.loneCarriageReturns += text.count { $0 == 0x0D }
      state.file = consume file
      return text
    }
  }
}
