import Files

/// Reads UTF-8 text files in chunks, and hashes their bytes on the way.
///
/// What comes out is clean: valid UTF-8 in whole scalars, without a byte order mark at a file's start, and with one
/// newline for every CR LF. Memory is one chunk, however long the file or its lines are.
package struct TextReader {
  package static let defaultChunkSize = 1 << 20

  private let chunkSize: Int
  private var hash = ContentHash()

  /// - Parameter chunkSize: bytes to read at once; at least 8, so that a byte order mark fits.
  package init(chunkSize: Int = defaultChunkSize) {
    self.chunkSize = max(8, chunkSize)
  }

  /// The hash of the bytes of all files read so far, one after the other, as lowercase hexadecimal digits.
  package var sourceSHA256: String { hash.hex }

  /// Reads one file from start to end; a pipe will do.
  package mutating func read(
    _ path: String, _ consume: (UTF8Span) throws(CorpusError) -> Void
  ) throws(CorpusError) {
    let file = try Self.open(path)
    var buffer = [UInt8](repeating: 0, count: chunkSize)
    var held = 0
    var offset = 0
    var atEnd = false
    while !atEnd {
      let end = try held + fill(&buffer, from: held, of: file)
      atEnd = end < buffer.count
      let complete = atEnd ? end : Self.completePrefix(of: buffer.span)
      let start = offset == 0 ? Self.byteOrderMarkLength(buffer.span.extracting(..<complete)) : 0
      let cleanEnd = try Self.clean(&buffer, start..<complete, path: path, offset: offset)
      // Taking out bytes that are ASCII leaves valid UTF-8 valid.
      try consume(UTF8Span(unchecked: buffer.span.extracting(start..<cleanEnd)))

      held = end - complete
      for i in 0..<held { buffer[i] = buffer[complete + i] }
      offset += complete
    }
  }

  private static func open(_ path: String) throws(CorpusError) -> OpenFile {
    do {
      return try OpenFile(reading: path)
    } catch {
      throw .file(error)
    }
  }

  /// Fills the buffer from `start` on as far as the file goes, and returns the number of bytes read.
  private mutating func fill(
    _ buffer: inout [UInt8], from start: Int, of file: borrowing OpenFile
  ) throws(CorpusError) -> Int {
    try buffer.withUnsafeMutableBufferPointer { (bytes) throws(CorpusError) in
      let free = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[start...]))
      do throws(FileError) {
        let count = try file.read(into: free)
        hash.update(UnsafeRawBufferPointer(rebasing: free[..<count]))
        return count
      } catch {
        throw .file(error)
      }
    }
  }

  /// How many bytes can be looked at before the next ones are known: neither a scalar nor CR LF is cut in two.
  private static func completePrefix(of bytes: Span<UInt8>) -> Int {
    let count = bytes.count
    if bytes[count - 1] == 0x0D { return count - 1 }
    // A scalar has four bytes at most, so its first byte is one of the last four.
    for back in 1...4 {
      let byte = bytes[count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return length > back ? count - back : count
    }
    return count
  }

  private static func byteOrderMarkLength(_ bytes: Span<UInt8>) -> Int {
    bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
  }

  /// Validates a part of the buffer, makes CR LF newlines, and returns where the clean bytes end.
  ///
  /// - Parameter offset: where in the file the buffer begins.
  private static func clean(
    _ buffer: inout [UInt8], _ range: Range<Int>, path: String, offset: Int
  ) throws(CorpusError) -> Int {
    do {
      _ = try UTF8Span(validating: buffer.span.extracting(range))
    } catch {
      throw .notUTF8(path: path, offset: offset + range.lowerBound + error.byteOffsets.lowerBound)
    }
    if let nul = buffer[range].firstIndex(of: 0) { throw .nul(path: path, offset: offset + nul) }
    guard var end = buffer[range].firstIndex(of: 0x0D) else { return range.upperBound }
    for i in end..<range.upperBound {
      if buffer[i] == 0x0D, i + 1 < range.upperBound, buffer[i + 1] == 0x0A { continue }
      buffer[end] = buffer[i]
      end += 1
    }
    return end
  }
}
