import CFiles
import Glibc

/// A file that is read more than once, whole or in parts: what was looked at is what is read, whatever becomes of its path
/// meanwhile. Nothing but a regular file will do: a pipe can be read once, and a device may have no end.
package final class InputFile: Sendable {
  /// What errors call it.
  package let path: String
  /// For a child process to inherit.
  package let descriptor: Int32

  /// Opens a file, and waits for nobody.
  ///
  /// - Throws: `FileError.notAFile`, or why it can't be opened.
  package convenience init(_ path: String) throws(FileError) {
    try self.init(OpenFile(path, flags: O_RDONLY | O_NONBLOCK, as: .open))
  }

  /// Opens a file; nil where there is none.
  package static func ifThere(_ path: String) throws(FileError) -> InputFile? {
    do throws(FileError) {
      return try InputFile(path)
    } catch {
      if error.isForWantOfFile { return nil }
      throw error
    }
  }

  /// Opens a file of a directory.
  package convenience init(_ name: String, in directory: OpenDirectory) throws(FileError) {
    try self.init(OpenFile(name, in: directory, flags: O_RDONLY | O_NONBLOCK, as: .open))
  }

  /// Takes over a descriptor that another process has opened.
  package convenience init(descriptor: Int32, path: String) throws(FileError) {
    try self.init(OpenFile(descriptor: descriptor, path: path))
  }

  /// A new file that lives in memory, and takes memory only for what is written to it; whoever knows its descriptor may write.
  ///
  /// - Parameter path: what errors call it.
  package convenience init(inMemory path: String) throws(FileError) {
    OpenFile.hasSizeLimitAsError
    let descriptor = cfiles_open_in_memory("rnn-train")
    guard descriptor >= 0 else { throw .system(.create, path: path, code: errno) }
    try self.init(OpenFile(descriptor: descriptor, path: path))
  }

  /// One that holds some bytes.
  package convenience init(holding bytes: [UInt8], path: String) throws(FileError) {
    try self.init(inMemory: path)
    try bytes.withUnsafeBufferPointer { bytes throws(FileError) in try overwrite(UnsafeRawBufferPointer(bytes), at: 0) }
  }

  private init(_ file: consuming OpenFile) throws(FileError) {
    _ = try file.requireRegular()
    path = file.path
    descriptor = file.release()
  }

  deinit { close(descriptor) }

  /// Bytes that it has now; 0 where the system doesn't tell.
  package var byteCount: Int { FileStatus(of: descriptor)?.size ?? 0 }

  /// Whether it is nearly as large as the process may make a file, so that a write of some mebibytes may have failed.
  package var isNearLimit: Bool {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { return false }
    return UInt64(byteCount) + 16 << 20 >= limit.rlim_cur
  }

  /// Makes sure that the process may open some more files: libraries that open this one by name don't say why they can't.
  package func requireSpareDescriptors(_ count: Int) throws(FileError) {
    var copies: [Int32] = []
    defer { for copy in copies { close(copy) } }
    for _ in 0..<count {
      let copy = dup(descriptor)
      guard copy >= 0 else { throw .system(.open, path: path, code: errno) }
      copies.append(copy)
    }
  }

  /// What it is now.
  package var stamp: FileStamp? { FileStamp(of: descriptor) }

  /// All of it, in one allocation of its size.
  package func contents() throws(FileError) -> [UInt8] { try bytes(in: 0..<byteCount) }

  /// Some of its bytes, in one allocation; fewer where the file ends.
  package func bytes(in range: Range<Int>) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(FileError) {
        count = try read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Calls back with some of its bytes in order, in pieces of a mebibyte at most: memory is bounded whatever its size.
  ///
  /// - Throws: `FileError.changed` where the file ends before that, and what `body` throws.
  package func forEachPiece(
    of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(1 << 20, range.count), alignment: 64)
    defer { piece.deallocate() }
    var position = range.lowerBound
    while position < range.upperBound {
      let part = UnsafeMutableRawBufferPointer(rebasing: piece.prefix(range.upperBound - position))
      try fill(part, at: position)
      try body(UnsafeRawBufferPointer(part))
      position += part.count
    }
  }

  /// The hash of some of its bytes.
  package func contentHash(of range: Range<Int>) throws(FileError) -> String {
    var hash = ContentHash()
    try forEachPiece(of: range) { hash.update($0) }
    return hash.hex
  }

  /// Reads as many bytes as there is room for.
  ///
  /// - Throws: `FileError.changed` where the file ends before that.
  package func fill(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    guard try read(into: buffer, at: offset) == buffer.count else { throw .changed(path: path) }
  }

  /// Writes to a file that is our own and open for that.
  func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var written = 0
    while written < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written, off_t(offset + written))
      guard count >= 0 || errno == EINTR else { throw .system(.write, path: path, code: errno) }
      written += max(count, 0)
    }
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled, off_t(offset + filled))
      if count == 0 { break }
      if count > 0 {
        filled += count
      } else if errno != EINTR {
        throw .system(.read, path: path, code: errno)
      }
    }
    return filled
  }
}
