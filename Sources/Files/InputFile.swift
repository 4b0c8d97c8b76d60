import Glibc

/// A file that is read more than once, each time from its start: what was looked at is what is read, whatever becomes of its
/// path meanwhile. Nothing but a regular file will do: a pipe can be read once, and a device may have no end.
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

  private init(_ file: consuming OpenFile) throws(FileError) {
    _ = try file.requireRegular()
    path = file.path
    descriptor = file.release()
  }

  deinit { close(descriptor) }

  /// Bytes that it has now; 0 where the system doesn't tell.
  package var byteCount: Int { FileStatus(of: descriptor)?.size ?? 0 }

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
