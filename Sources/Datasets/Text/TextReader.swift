import Files
import Glibc
import Synchronization

/// A stretch of a text that can be made tokens by itself: valid UTF-8 in whole scalars, without a byte order mark at a file's start,
/// and with one newline for every CR LF.
struct TextChunk: Sendable {
  let bytes: [UInt8]
  let startsFile: Bool
  let endsFile: Bool
  /// Whether what stands right before it is no white space.
  let startsInWord: Bool
}

/// Reads UTF-8 text files in chunks, and hashes their bytes on the way: each thread that asks gets the next one.
///
/// Where chunks end depends on the text and the size alone, not on how its bytes come: the same for a pipe and for a compressed file.
/// Memory is two chunks. One is longer than it should be if there is no place to cut in it.
package final class TextReader: OrderedItems {
  package static let defaultChunkSize = 1 << 20

  private struct State: ~Copyable {
    /// Of the files that are still to be opened.
    var paths: ArraySlice<String>
    /// Nil between files, and once one could not be read.
    var file: TextFile?
    /// Text that has been read and isn't in a chunk yet.
    var pending: [UInt8] = []
    var startsFile = true
    var startsInWord = false
    var hash = ContentHash()
    var loneCarriageReturns = 0
    /// Nil: all.
    var linesLeft: Int?
    /// Whether a line has begun that hasn't ended, where lines are counted.
    var isInLine = false
  }

  private let cut: TextCut
  private let chunkSize: Int
  private let state: Mutex<State>
  private let interruption = Interruption()

  /// - Parameters:
  ///   - paths: files that are read one after the other; pipes will do.
  ///   - lines: how many of all lines are read; nil: all.
  init(_ paths: [String], cut: TextCut, chunkSize: Int = defaultChunkSize, lines: Int? = nil) {
    self.cut = cut
    self.chunkSize = max(8, chunkSize)
    state = Mutex(State(paths: paths[...], linesLeft: lines))
  }

  /// The hash of the bytes of all texts read so far, one after the other, as lowercase hexadecimal digits.
  package var sourceSHA256: String { state.withLock { $0.hash.hex } }

  /// Carriage returns read so far that have no newline behind them.
  package var loneCarriageReturns: Int { state.withLock { $0.loneCarriageReturns } }

  /// Ends waiting for a pipe that says nothing; what is read from then on is of no use.
  func interrupt() { interruption.interrupt() }

  /// The next chunk; nil behind the last one, and behind an error.
  func next() throws(CorpusError) -> TextChunk? {
    try state.withLock { (state) throws(CorpusError) in
      do throws(CorpusError) {
        return try next(&state)
      } catch {
        state.paths = []
        throw error
      }
    }
  }

  private func next(_ state: inout State) throws(CorpusError) -> TextChunk? {
    if state.linesLeft == 0 { return nil }
    if state.file == nil {
      guard let path = state.paths.popFirst() else { return nil }
      state.file = try TextFile(.file(path), chunkSize: chunkSize, interruption: interruption)
      (state.startsFile, state.startsInWord, state.isInLine) = (true, false, false)
    }
    guard var file = state.file.take() else { return nil }
    var (size, isAtEnd, end) = (chunkSize, false, Int?.none)
    while end == nil {
      while state.pending.count < size, !isAtEnd {
        isAtEnd = try !file.advance(atMost: size - state.pending.count) { state.hash.update($0) }
        if !isAtEnd { Self.append(file.chunk, of: &file, to: &state) }
      }
      end =
        isAtEnd && state.pending.count <= size
        ? state.pending.count
        : state.pending.withUnsafeBufferPointer { cut.last(in: UnsafeBufferPointer(rebasing: $0.prefix(size))) }
      size *= 2
    }
    var bytes = state.pending
    let rest = end ?? bytes.count
    state.pending = Array(bytes[rest...])
    bytes.removeSubrange(rest...)
    let endsFile = isAtEnd && state.pending.isEmpty
    Self.limit(&bytes, &state, endsFile: endsFile)
    if !endsFile { state.file = consume file }
    let chunk = TextChunk(
      bytes: bytes, startsFile: state.startsFile, endsFile: endsFile, startsInWord: state.startsInWord)
    (state.startsFile, state.startsInWord) = (false, bytes.withUnsafeBufferPointer { $0.endsInWord })
    return chunk
  }

  private static func append(_ range: Range<Int>, of file: inout TextFile, to state: inout State) {
    let text = clean(&file.bytes, range, isStart: file.offset == 0)
    state.pending.append(contentsOf: file.bytes[text])
    var start = text.lowerBound
    while let place = file.bytes.firstPlace(of: 0x0D, in: start..<text.upperBound) {
      state.loneCarriageReturns += 1
      start = place + 1
    }
  }

  /// Cuts off lines that are too many. Text behind a file's last newline is a line.
  private static func limit(_ bytes: inout [UInt8], _ state: inout State, endsFile: Bool) {
    guard var left = state.linesLeft else { return }
    var start = 0
    while left > 0, let place = bytes.firstPlace(of: 0x0A, in: start..<bytes.count) {
      (left, start) = (left - 1, place + 1)
    }
    if left == 0 { bytes.removeSubrange(start...) }
    if let last = bytes.last { state.isInLine = last != 0x0A }
    if left > 0, endsFile, state.isInLine { left -= 1 }
    state.linesLeft = left
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
    guard var end = bytes.firstPlace(of: 0x0D, in: range) else { return range.upperBound }
    for i in end..<range.upperBound {
      if bytes[i] == 0x0D, i + 1 < range.upperBound, bytes[i + 1] == 0x0A { continue }
      bytes[end] = bytes[i]
      end += 1
    }
    return end
  }
}

extension [UInt8] {
  /// Where a byte comes first in a range, if it does. As fast as libc is.
  func firstPlace(of byte: UInt8, in range: Range<Int>) -> Int? {
    withUnsafeBytes { bytes in
      guard !range.isEmpty, let base = bytes.baseAddress,
        let found = memchr(base + range.lowerBound, Int32(byte), range.count)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}
