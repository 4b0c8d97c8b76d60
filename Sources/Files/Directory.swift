import Glibc

/// Creates, lists and cleans directories.
package enum Directory {
  /// Creates a directory and the ones above it, and makes them last; one that is there already is fine.
  package static func create(_ path: String) throws(FileError) {
    if mkdir(path, 0o777) == 0 { return try flush(Path.directory(of: path)) }
    switch errno {
    case EEXIST:
      guard isDirectory(path) else { throw .system(.createDirectory, path: path, code: ENOTDIR) }
    case ENOENT:
      let parent = Path.directory(of: path)
      guard parent != path, parent != "." else { throw .system(.createDirectory, path: path, code: ENOENT) }
      try create(parent)
      // Another process may have been quicker by now.
      guard mkdir(path, 0o777) == 0 || (errno == EEXIST && isDirectory(path)) else {
        throw .system(.createDirectory, path: path, code: errno)
      }
      try flush(parent)
    case let code:
      throw .system(.createDirectory, path: path, code: code)
    }
  }

  /// The names in a directory, sorted by their bytes.
  package static func names(in path: String) throws(FileError) -> [String] {
    guard let stream = opendir(path) else { throw .system(.list, path: path, code: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw .system(.list, path: path, code: errno) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Removes the temporary files that killed processes of this host left in a directory.
  ///
  /// Those of live processes and of other hosts stay.
  /// - Returns: the names removed.
  @discardableResult
  package static func removeLeftovers(in path: String) throws(FileError) -> [String] {
    var removed: [String] = []
    for name in try names(in: path) where TemporaryName.isLeftover(name) {
      try remove(Path.join(path, name))
      removed.append(name)
    }
    return removed
  }

  /// Removes a file or link; one that is gone already is fine.
  package static func remove(_ path: String) throws(FileError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw .system(.remove, path: path, code: errno) }
  }

  /// Makes created, renamed, linked and removed names last.
  package static func flush(_ path: String) throws(FileError) {
    do throws(FileError) {
      let directory = try OpenFile(path, flags: O_RDONLY | O_DIRECTORY, as: .makeDurable)
      try directory.flush()
    } catch .system(_, _, EINVAL) {
      // Some file systems flush no directories; theirs is the best that can be had.
    } catch .system(_, _, EACCES) {
      // A directory that may be written to but not be read, as shared ones are on some machines.
    }
  }

  /// What the file system of a directory has left for this user; nil if it doesn't say.
  package static func freeBytes(of path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
