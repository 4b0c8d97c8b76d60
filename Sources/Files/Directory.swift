import Glibc

/// Creates, lists and cleans directories.
package enum Directory {
  /// Creates a directory and the ones above it, and makes them last; one that is there already is fine.
  ///
  /// - Parameter permissions: of the directory itself if it is new, less what the umask takes.
  package static func create(_ path: String, permissions: mode_t = 0o777) throws(FileError) {
    if mkdir(path, permissions) == 0 { return try flush(Path.directory(of: path)) }
    switch errno {
    case EEXIST:
      guard isDirectory(path) else { throw .system(.createDirectory, path: path, code: ENOTDIR) }
    case ENOENT:
      let parent = Path.directory(of: path)
      guard parent != path, parent != "." else { throw .system(.createDirectory, path: path, code: ENOENT) }
      try create(parent)
      // Another process may have been quicker by now.
      guard mkdir(path, permissions) == 0 || (errno == EEXIST && isDirectory(path)) else {
        throw .system(.createDirectory, path: path, code: errno)
      }
      try flush(parent)
    case let code:
      throw .system(.createDirectory, path: path, code: code)
    }
  }

  /// The names in a directory, sorted by their bytes.
  package static func names(in path: String) throws(FileError) -> [String] {
    try OpenDirectory(path, for: .list, of: path).names()
  }

  /// Removes the temporary files that killed processes of this host left in a directory.
  ///
  /// Those of live processes and of other hosts stay.
  /// - Returns: the names removed.
  @discardableResult
  package static func removeLeftovers(in path: String) throws(FileError) -> [String] {
    try OpenDirectory(path, for: .list, of: path).removeLeftovers()
  }

  /// Removes a file or link; one that is gone already is fine.
  package static func remove(_ path: String) throws(FileError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw .system(.remove, path: path, code: errno) }
  }

  /// Makes created, renamed, linked and removed names last.
  package static func flush(_ path: String) throws(FileError) {
    try OpenDirectory(path, for: .makeDurable, of: path).flush()
  }

  /// What the file system of a directory has left for this user; nil if it doesn't say.
  package static func freeBytes(of path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }

  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
