/// Numbers side by side in a file, little-endian, of which ranges are read: memory is that of what is asked for.
package struct StoredNumbers: Sendable {
  package let count: Int
  /// Bytes of a number.
  package let width: Int
  private let file: InputFile
  private let offset: Int
  /// What the file was when its contents were checked.
  private let stamp: FileStamp?

  /// - Parameters:
  ///   - offset: where the first one is, in bytes.
  ///   - stamp: what the file must still be whenever it is read; nil: that doesn't matter.
  package init(in file: InputFile, offset: Int, count: Int, width: Int, stamp: FileStamp?) {
    (self.file, self.offset, self.count, self.width, self.stamp) = (file, offset, count, width, stamp)
  }

  /// What errors call the file.
  package var path: String { file.path }

  /// Reads some numbers as the bytes that they are in the file. Cost: the bytes.
  ///
  /// - Precondition: there is room for them.
  /// - Throws: `FileError`, `.changed` among them where the file is no longer what it was.
  package func read(_ range: Range<Int>, into bytes: UnsafeMutableRawBufferPointer) throws(FileError) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count && bytes.count >= range.count * width, "in bounds")
    if range.isEmpty { return }
    try file.fill(
      UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(range.count * width)), at: offset + range.lowerBound * width)
    if let stamp, file.stamp != stamp { throw .changed(path: path) }
  }

  /// Reads some of numbers that are 32-bit floats.
  package func floats(in range: Range<Int>) throws(FileError) -> [Float] {
    precondition(width == MemoryLayout<Float>.stride, "numbers are floats")
    var failure: FileError?
    let floats = [Float](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(FileError) {
        try read(range, into: UnsafeMutableRawBufferPointer(buffer))
        count = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    #if _endian(little)
      return floats
    #else
      return floats.map { Float(bitPattern: $0.bitPattern.littleEndian) }
    #endif
  }
}
