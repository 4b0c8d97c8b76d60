import CFiles
import Glibc
import Synchronization

/// Replaces whole files and links so that a crash at any moment leaves either the old one or the new one.
///
/// What is new is made without a name, or under a temporary one where the file system knows no files without, and flushed to
/// the disk; then one rename, which the file system does wholly or not at all, puts it in place; then the directory is
/// flushed, so that the rename lasts. After an error the temporary file is gone and the old file is as it was; only if the
/// last step fails, the flush of the directory, is the new file there without a promise that it survives a power cut. A
/// temporary file that can't be removed, since its directory may no longer be written to, goes with the next one that is put
/// in place.
///
/// A file keeps its permissions when it is replaced.
package enum DurableFile {
  /// What `write` hands over parts of a file by.
  package typealias Body = (_ write: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void

  package static func write(to path: String, permissions: mode_t = 0o666, _ body: Body) throws(FileError) {
    try directory(of: path, for: .create).write(to: Path.name(of: path), permissions: permissions, body)
  }

  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try directory(of: path, for: .create).write(bytes, to: Path.name(of: path))
  }

  /// Makes `path` a symbolic link to `target`, which is relative to the link's own directory.
  package static func link(_ path: String, to target: String) throws(FileError) {
    try directory(of: path, for: .createLink).link(Path.name(of: path), to: target)
  }

  private static func directory(of path: String, for operation: FileError.Operation) throws(FileError) -> OpenDirectory
  {
    try OpenDirectory(Path.directory(of: path), for: operation, of: path)
  }
}

extension OpenDirectory {
  /// Writes a file of the parts that `body` hands over, one behind the other.
  ///
  /// - Parameter permissions: of a new file, less what the umask takes.
  package func write(
    to name: String, permissions: mode_t = 0o666, _ body: DurableFile.Body
  ) throws(FileError) {
    OpenFile.hasSizeLimitAsError
    try put(name) { temporary throws(FileError) in
      let path = path(of: name)
      let unnamed = FileStatus("/proc/self/fd", at: AT_FDCWD) == nil ? -1 : self.unnamed(permissions)
      var file =
        unnamed >= 0
        ? OpenFile(descriptor: unnamed, path: path)
        : try OpenFile(temporary, in: self, flags: O_WRONLY | O_CREAT | O_EXCL, permissions: permissions, as: .create)
      if let old = FileStatus(name, at: descriptor), old.isRegular { fchmod(file.descriptor, old.permissions) }
      try body { part throws(FileError) in try file.write(part) }
      try file.flush()
      if unnamed >= 0,
        linkat(AT_FDCWD, "/proc/self/fd/\(file.descriptor)", descriptor, temporary, AT_SYMLINK_FOLLOW) != 0
      {
        throw .system(.create, path: path, code: errno)
      }
      try file.close()
    }
  }

  package func write(_ bytes: [UInt8], to name: String) throws(FileError) {
    try write(to: name) { write throws(FileError) in
      try bytes.withUnsafeBufferPointer { bytes throws(FileError) in try write(UnsafeRawBufferPointer(bytes)) }
    }
  }

  /// Makes a symbolic link to `target`, which is relative to this directory.
  package func link(_ name: String, to target: String) throws(FileError) {
    try put(name) { temporary throws(FileError) in
      guard symlinkat(target, descriptor, temporary) == 0 else {
        throw .system(.createLink, path: path(of: name), code: errno)
      }
    }
  }

  /// A new file without a name, which is gone when the process is, however it ends; negative where there are none.
  private func unnamed(_ permissions: mode_t) -> Int32 {
    cfiles_open_unnamed(descriptor, permissions)
  }

  /// Lets `make` create something under a temporary name, and gives it its own name when it is complete.
  private func put(_ name: String, make: (_ temporary: String) throws(FileError) -> Void) throws(FileError) {
    let temporary = TemporaryName.next()
    Stranded.remove()
    do throws(FileError) {
      try make(temporary)
      guard renameat(descriptor, temporary, descriptor, name) == 0 else {
        throw .system(.rename, path: path(of: name), code: errno)
      }
    } catch {
      Stranded.add(temporary, in: self)
      throw error.named(path(of: name), insteadOf: path(of: temporary))
    }
    try flush()
  }
}

/// Temporary files that are of no use any more.
private enum Stranded {
  private static let files = Mutex<[(directory: OpenDirectory, name: String)]>([])

  static func add(_ name: String, in directory: OpenDirectory) {
    files.withLock { $0.append((directory, name)) }
    remove()
  }

  static func remove() {
    files.withLock { $0.removeAll { unlinkat($0.directory.descriptor, $0.name, 0) == 0 || errno == ENOENT } }
  }
}

extension FileError {
  /// The same error about the path that the user knows.
  fileprivate func named(_ path: String, insteadOf temporary: String) -> FileError {
    guard case .system(let operation, temporary, let code) = self else { return self }
    return .system(operation, path: path, code: code)
  }
}
