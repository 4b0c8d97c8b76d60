import CFiles
import Glibc

/// Where a process puts what it has no memory for: a file without a name, which is gone with the process, however that ends. It
/// lies in `$TMPDIR`, else in `/var/tmp`, which is on a disk where `/tmp` may be in memory.
package final class ScratchFile: Sendable {
  private let file: InputFile

  package init() throws(FileError) {
    let directory = getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
    let path = "a temporary file in \(directory)"
    file = try InputFile(descriptor: Self.unnamed(in: directory, path: path), path: path)
  }

  private static func unnamed(in directory: String, path: String) throws(FileError) -> Int32 {
    OpenFile.hasSizeLimitAsError
    let descriptor = cfiles_open_scratch(directory)
    guard descriptor >= 0 else { throw .system(.create, path: path, code: errno) }
    return descriptor
  }

  /// Puts bytes somewhere.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    try file.overwrite(bytes, at: offset)
  }

  /// Reads as many bytes as there is room for, which have been put there.
  package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    try file.fill(bytes, at: offset)
  }

  /// Some of its bytes as numbers. Nobody else can change them.
  ///
  /// - Parameter offset: where the first one is, in bytes.
  package func numbers(at offset: Int = 0, count: Int, width: Int) -> StoredNumbers {
    StoredNumbers(in: file, offset: offset, count: count, width: width, stamp: nil)
  }
}
