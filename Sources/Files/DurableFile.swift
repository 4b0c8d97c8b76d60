import Glibc
import Synchronization

/// Replaces whole files and links so that a crash at any moment leaves either the old one or the new one.
///
/// What is new is made under a temporary name in the same directory and flushed to the disk; then one rename, which the
/// file system does wholly or not at all, puts it in place; then the directory is flushed, so that the rename lasts.
/// After an error the temporary file is gone and the old file is as it was; only if the last step fails, the flush of
/// the directory, is the new file there without a promise that it survives a power cut. A temporary file that can't be
/// removed, since its directory may no longer be written to, goes with the next one that is put in place.
package enum DurableFile {
  /// Writes a file of the parts that `body` hands over, one behind the other.
  package static func write(
    to path: String, _ body: (_ write: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void
  ) throws(FileError) {
    ignoreFileSizeSignal
    try put(at: path) { temporary throws(FileError) in
      var file = try OpenFile(temporary, flags: O_WRONLY | O_CREAT | O_EXCL, as: .create)
      try body { part throws(FileError) in try file.write(part) }
      try file.flush()
      try file.close()
    }
  }

  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try write(to: path) { write throws(FileError) in
      try bytes.withUnsafeBufferPointer { bytes throws(FileError) in try write(UnsafeRawBufferPointer(bytes)) }
    }
  }

  /// Makes `path` a symbolic link to `target`, which is relative to the link's own directory.
  package static func link(_ path: String, to target: String) throws(FileError) {
    try put(at: path) { temporary throws(FileError) in
      guard symlink(target, temporary) == 0 else { throw .system(.createLink, path: path, code: errno) }
    }
  }

  /// Lets `make` create something under a temporary name, and gives it its own name when it is complete.
  private static func put(at path: String, make: (String) throws(FileError) -> Void) throws(FileError) {
    let directory = Path.directory(of: path)
    let temporary = TemporaryName.next(in: directory)
    removeStranded()
    do throws(FileError) {
      try make(temporary)
      guard rename(temporary, path) == 0 else { throw .system(.rename, path: path, code: errno) }
    } catch {
      stranded.withLock { $0.append(temporary) }
      removeStranded()
      throw error.named(path, insteadOf: temporary)
    }
    try Directory.flush(directory)
  }

  /// Temporary files that are of no use any more.
  private static let stranded = Mutex<[String]>([])

  private static func removeStranded() {
    stranded.withLock { $0.removeAll { unlink($0) == 0 || errno == ENOENT } }
  }

  /// A write past the limit on file sizes fails with EFBIG instead of ending the process.
  private static let ignoreFileSizeSignal: Void = { signal(SIGXFSZ, SIG_IGN) }()
}

extension FileError {
  /// The same error about the path that the user knows.
  fileprivate func named(_ path: String, insteadOf temporary: String) -> FileError {
    guard case .system(let operation, temporary, let code) = self else { return self }
    return .system(operation, path: path, code: code)
  }
}
