import Compression
import Files

/// The bytes of a text, whether its file is compressed or not: that is told by what the file begins with. A pipe will do, and is
/// read as its bytes come. Memory for a compressed file: some 100 KB, and what its format asks for.
struct TextBytes: ~Copyable {
  private let file: OpenFile
  /// What ends waiting for a pipe.
  private let interruption: Interruption?
  private var compression: (format: CompressedFormat, decompressor: any Decompressor)?
  /// What was read and is still to be handed out, or to be decompressed: the bytes from `position` on.
  private var held: [UInt8] = []
  private var position = 0
  private var isBegun = false
  private var isAtEnd = false
  /// Of the file, not of the text.
  private(set) var bytesRead = 0

  private static let heldSize = 1 << 16

  init(_ file: consuming OpenFile, interruption: Interruption? = nil) {
    self.interruption = file.isRegular ? nil : interruption
    self.file = file
  }

  /// Opens a file.
  init(_ path: String) throws(CorpusError) {
    do throws(FileError) {
      self.init(try OpenFile(reading: path))
    } catch {
      throw .file(error)
    }
  }

  /// Bytes of a regular file, compressed or not.
  var fileSize: Int {
    get throws(CorpusError) {
      do throws(FileError) {
        return try file.size()
      } catch {
        throw .file(error)
      }
    }
  }

  /// Whether it is compressed, and nobody has to wait for the rest of it.
  private var canBeChecked: Bool { format != nil && file.isRegular }

  /// What is wrong with the rest of a compressed file, whose check comes behind what it unpacks to; nil if nothing is, or if
  /// that can't be found out without waiting for somebody. O(bytes that it unpacks to).
  mutating func damage() -> CorpusError? {
    guard canBeChecked else { return nil }
    var rest = [UInt8](repeating: 0, count: Self.heldSize)
    do throws(CorpusError) {
      while try rest.withUnsafeMutableBufferPointer({ (rest) throws(CorpusError) in
        try read(into: UnsafeMutableRawBufferPointer(rest))
      }) > 0 {}
      return nil
    } catch {
      return error
    }
  }

  /// What messages call the file.
  var name: String { file.path }

  /// In which the file is compressed; nil where it isn't, or nothing was read yet.
  var format: CompressedFormat? { compression?.format }

  /// Reads what is there already, and waits only for the first byte.
  ///
  /// - Returns: the number of bytes read, 0 only at the text's end, or when it was interrupted.
  /// - Throws: `CorpusError.compressed` for a compressed file that is damaged or cut short.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
    if !isBegun { try begin() }
    guard let (format, decompressor) = compression else {
      guard position < held.count else { return try readFile(into: buffer) }
      let part = held[position..<min(position + buffer.count, held.count)]
      buffer.copyBytes(from: part)
      position = part.endIndex
      return part.count
    }
    while true {
      if position == held.count, !isAtEnd { try fill() }
      let (taken, put): (Int, Int)
      do throws(CompressionProblem) {
        (taken, put) = try held.withUnsafeBufferPointer { held throws(CompressionProblem) in
          try decompressor.advance(
            UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: held[position...])), isLast: isAtEnd, into: buffer)
        }
      } catch {
        throw .compressed(path: name, format, error)
      }
      position += taken
      if put > 0 || (taken == 0 && isAtEnd && position == held.count) { return put }
    }
  }

  /// Finds out what the file is. A text is answered at once: more is waited for only while it may be a compressed file.
  private mutating func begin() throws(CorpusError) {
    isBegun = true
    var beginning: [UInt8] = []
    while CompressedFormat.mayBegin(with: beginning), !isAtEnd {
      held = beginning
      try fill()
      beginning = held
    }
    held = beginning
    guard let format = CompressedFormat(held) else { return }
    do throws(CompressionProblem) {
      compression = (format, try format.decompressor())
    } catch {
      throw .compressed(path: name, format, error)
    }
  }

  /// Reads on, behind what is held and not used yet.
  private mutating func fill() throws(CorpusError) {
    var more = [UInt8](repeating: 0, count: Self.heldSize)
    let count = try more.withUnsafeMutableBufferPointer { more throws(CorpusError) in
      try readFile(into: UnsafeMutableRawBufferPointer(more))
    }
    held = Array(held[position...]) + more[..<count]
    position = 0
    isAtEnd = count == 0
  }

  private mutating func readFile(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
    do throws(FileError) {
      let count = try file.readAvailable(into: buffer, unless: interruption)
      bytesRead += count
      return count
    } catch {
      throw .file(error)
    }
  }
}
