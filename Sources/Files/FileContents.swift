import Glibc

/// Reads whole files.
package enum FileContents {
  /// The bytes of a file, or of a pipe up to its end.
  ///
  /// A regular file is read into one allocation of its size.
  package static func read(_ path: String) throws(FileError) -> [UInt8] {
    let file = try OpenFile(reading: path)
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else { throw .system(.read, path: path, code: errno) }
    var bytes = try chunk(of: file, size: Int(status.st_size))
    // A pipe's size is 0, and a file may have grown meanwhile.
    while true {
      let more = try chunk(of: file, size: 1 << 16)
      if more.isEmpty { return bytes }
      bytes += more
    }
  }

  /// The next `size` bytes of a file, fewer at its end.
  static func chunk(of file: borrowing OpenFile, size: Int) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(FileError) {
        count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
