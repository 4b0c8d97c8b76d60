import Files

/// Where text comes from.
package enum TextSource: Sendable, Equatable {
  case file(String)
  case standardInput
}

/// UTF-8 text that is being read chunk by chunk. A pipe will do, and is read as its bytes come.
///
/// A chunk is valid UTF-8 without NUL, and neither a scalar nor CR LF is cut in two. Memory is one chunk.
struct TextFile: ~Copyable {
  private var file: TextBytes
  /// Holds the chunk, and what can't be looked at yet behind it.
  var bytes: [UInt8]
  /// Where `bytes` holds the chunk that was read last; it begins at 0, and may be empty.
  private(set) var chunk = 0..<0
  /// Where in the file `bytes` begins.
  private(set) var offset = 0
  private var end = 0
  private var isAtEnd = false
  /// The file's first bytes: what they are of, if the rest is no text.
  private var beginning: [UInt8] = []

  /// - Parameters:
  ///   - chunkSize: bytes to read at once; at least 8, so that a scalar and CR LF fit.
  ///   - interruption: what ends waiting for a pipe: then it is as at the file's end.
  init(
    _ source: TextSource, chunkSize: Int = TextReader.defaultChunkSize, interruption: Interruption? = nil
  ) throws(CorpusError) {
    do throws(FileError) {
      let file =
        switch source {
        case .file(CorpusFiles.standardInput), .standardInput: try OpenFile.standardInput()
        case .file(let path): try OpenFile(reading: path)
        }
      self.file = TextBytes(file, interruption: interruption)
    } catch {
      throw .file(error)
    }
    bytes = [UInt8](repeating: 0, count: max(8, chunkSize))
  }

  /// What messages call the file.
  var name: String { file.name }

  /// Reads the next chunk, and waits only until there is something to read.
  ///
  /// - Parameters:
  ///   - limit: bytes to read at most, at least 1.
  ///   - observe: gets the bytes that were read, as they are.
  /// - Returns: false at the file's end.
  mutating func advance(
    atMost limit: Int = .max, observe: (UnsafeRawBufferPointer) -> Void = { _ in }
  ) throws(CorpusError) -> Bool {
    if isAtEnd { return false }
    let held = end - chunk.count
    for i in 0..<held { bytes[i] = bytes[chunk.count + i] }
    offset += chunk.count
    let count = try Self.fill(&bytes, held..<held + min(limit, bytes.count - held), of: &file, observe)
    end = held + count
    isAtEnd = count == 0
    if offset == 0 { beginning = Array(bytes[..<min(end, BinaryKind.prefixLength)]) }
    chunk = 0..<(isAtEnd ? end : Self.completePrefix(of: bytes.span.extracting(..<end)))
    try validate()
    return true
  }

  private static func fill(
    _ bytes: inout [UInt8], _ range: Range<Int>, of file: inout TextBytes, _ observe: (UnsafeRawBufferPointer) -> Void
  ) throws(CorpusError) -> Int {
    try bytes.withUnsafeMutableBufferPointer { (bytes) throws(CorpusError) in
      let free = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[range]))
      let count = try file.read(into: free)
      observe(UnsafeRawBufferPointer(rebasing: free[..<count]))
      return count
    }
  }

  /// How many bytes can be looked at before the next ones are known.
  private static func completePrefix(of bytes: Span<UInt8>) -> Int {
    let count = bytes.count
    if count > 0, bytes[count - 1] == 0x0D { return count - 1 }
    return bytes.endOfWholeScalars
  }

  private mutating func validate() throws(CorpusError) {
    if let place = Self.invalidUTF8(in: bytes.span.extracting(chunk)) {
      if let kind = BinaryKind(beginning) { throw .binary(path: name, kind) }
      throw cause(of: .notUTF8(path: name, offset: offset + place, unpackedFrom: file.format))
    }
    if let nul = bytes.firstPlace(of: 0, in: chunk) {
      if let kind = BinaryKind(beginning) { throw .binary(path: name, kind) }
      throw cause(of: .nul(path: name, offset: offset + nul, unpackedFrom: file.format))
    }
  }

  /// What is behind an error that was found in the text: what a compressed file unpacks to may be anything if the file is damaged,
  /// which shows only where its check comes. The rest of such a file is read for that; of one that comes by a pipe it isn't.
  mutating func cause(of error: CorpusError) -> CorpusError {
    switch error {
    case .notUTF8, .nul, .malformedLine, .malformedVectors: file.damage() ?? error
    default: error
    }
  }
}

extension TextFile {
  /// Where the first bytes are that no UTF-8 has. What is ASCII is told by many bytes at a time; what isn't, up to the next of
  /// ASCII, is left to the standard library.
  private static func invalidUTF8(in text: Span<UInt8>) -> Int? {
    text.withUnsafeBytes { bytes in
      let (block, highest) = (32, SIMD4<UInt64>(repeating: 0x8080_8080_8080_8080))
      func isASCII(at position: Int) -> Bool {
        position + block <= bytes.count
          && bytes.loadUnaligned(fromByteOffset: position, as: SIMD4<UInt64>.self) & highest == .zero
      }
      var position = 0
      while position < bytes.count {
        if isASCII(at: position) {
          position += block
          continue
        }
        var end = min(position + block, bytes.count)
        while end < bytes.count, !isASCII(at: end) { end = min(end + block, bytes.count) }
        do throws(UTF8.ValidationError) {
          _ = try UTF8Span(validating: text.extracting(position..<end))
        } catch {
          return position + error.byteOffsets.lowerBound
        }
        position = end
      }
      return nil
    }
  }
}

extension Span<UInt8> {
  /// Where the last scalar of UTF-8 begins that isn't whole; otherwise where the bytes end.
  var endOfWholeScalars: Int {
    // A scalar has four bytes at most, so its first byte is one of the last four.
    for back in 1..<Swift.min(5, count + 1) {
      let byte = self[count - back]
      if byte & 0xC0 == 0x80 { continue }
      // Those that begin none are to be looked at now.
      let length = byte < 0xC0 || byte >= 0xF8 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return length > back ? count - back : count
    }
    return count
  }
}

extension Collection<UInt8> {
  /// Whether UTF-8 text begins with a byte order mark, which is `byteOrderMarkLength` bytes of no text.
  var hasByteOrderMark: Bool { starts(with: [0xEF, 0xBB, 0xBF]) }
}

let byteOrderMarkLength = 3
