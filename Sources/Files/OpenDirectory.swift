import CFiles
import Glibc

/// A directory that is open: names are looked up in it wherever it has been moved to, and never in another one that has got
/// its path since.
package final class OpenDirectory: Sendable {
  /// Where it was when it was opened: what errors call it.
  package let path: String
  let descriptor: Int32
  /// Not so for one that may be written to but not be listed, as shared ones are on some machines.
  private let isReadable: Bool

  /// Opens a directory, which must be there.
  package convenience init(_ path: String) throws(FileError) {
    try self.init(path, for: .open, of: path)
  }

  /// - Parameters:
  ///   - operation: what the directory is opened for, for errors.
  ///   - file: the path that errors name.
  init(_ path: String, for operation: FileError.Operation, of file: String) throws(FileError) {
    (descriptor, isReadable) = try Self.open(path, at: AT_FDCWD, for: operation, of: file)
    self.path = path
  }

  private init(_ name: String, in parent: OpenDirectory) throws(FileError) {
    path = parent.path(of: name)
    (descriptor, isReadable) = try Self.open(name, at: parent.descriptor, flags: O_NOFOLLOW, for: .open, of: path)
  }

  private static func open(
    _ path: String, at parent: Int32, flags: Int32 = 0, for operation: FileError.Operation, of file: String
  ) throws(FileError) -> (descriptor: Int32, isReadable: Bool) {
    let flags = flags | O_DIRECTORY | O_CLOEXEC
    let readable = openat(parent, path, O_RDONLY | flags)
    if readable >= 0 { return (readable, true) }
    if errno == EACCES {
      let descriptor = cfiles_open_path(parent, path, flags)
      if descriptor >= 0 { return (descriptor, false) }
    }
    // For O_DIRECTORY a link that isn't followed is no directory.
    if flags & O_NOFOLLOW != 0, errno == ENOTDIR { throw .notOfDirectory(path: file, what: "is no directory") }
    throw .system(operation, path: file, code: errno)
  }

  deinit { close(descriptor) }

  package func path(of name: String) -> String { Path.join(path, name) }

  // MARK: where it is

  /// Where a directory is now, for people.
  package enum Whereabouts: Sendable, Equatable {
    case atItsPath
    /// Nil where the system doesn't tell the path.
    case moved(to: String?)
    /// Removed: nothing can be put into it any more.
    case gone
  }

  package var whereabouts: Whereabouts {
    guard let here = FileStatus(of: descriptor), here.linkCount > 0 else { return .gone }
    if let there = FileStatus(path, at: AT_FDCWD, follows: true), there.isSameFile(as: here) { return .atItsPath }
    return .moved(to: Self.linkTarget("/proc/self/fd/\(descriptor)", at: AT_FDCWD))
  }

  // MARK: what is in it

  /// The names in it, sorted by their bytes.
  package func names() throws(FileError) -> [String] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else { throw .system(.list, path: path, code: errno) }
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

  /// Whether there is anything of a name, a link that leads nowhere included.
  package func contains(_ name: String) throws(FileError) -> Bool {
    if FileStatus(name, at: descriptor) != nil { return true }
    guard errno == ENOENT else { throw .system(.open, path: path(of: name), code: errno) }
    return false
  }

  /// Whether there is a regular file of a name.
  package func containsFile(_ name: String) throws(FileError) -> Bool {
    try contains(name) && FileStatus(name, at: descriptor)?.isRegular == true
  }

  /// What a symbolic link says, nil if there is none of that name.
  package func linkTarget(_ name: String) -> String? { Self.linkTarget(name, at: descriptor) }

  private static func linkTarget(_ name: String, at directory: Int32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlinkat(directory, name, start, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// A directory in this one, made if there is none. A link to another one is refused.
  package func subdirectory(_ name: String) throws(FileError) -> OpenDirectory {
    if try !contains(name) {
      guard mkdirat(descriptor, name, 0o777) == 0 || errno == EEXIST else {
        throw .system(.createDirectory, path: path(of: name), code: errno)
      }
      try flush()
    }
    return try OpenDirectory(name, in: self)
  }

  /// Opens a file that belongs to this directory alone, to write to it: no link leads there from outside or from here to
  /// elsewhere. One that other directories have as well, as a snapshot by hard links does, is first replaced by a copy.
  ///
  /// - Parameter flags: of open(2).
  func openOwnFile(_ name: String, flags: Int32, as operation: FileError.Operation) throws(FileError) -> OpenFile {
    while true {
      // What isn't a file, a pipe for instance, mustn't keep us waiting.
      let file = try OpenFile(name, in: self, flags: flags | O_NOFOLLOW | O_NONBLOCK, as: operation)
      let status = try file.requireRegular()
      if status.linkCount <= 1 { return file }
      try replaceByCopy(name)
    }
  }

  /// Gives a file that other directories have too a copy of its own here.
  private func replaceByCopy(_ name: String) throws(FileError) {
    let bytes = try InputFile(name, in: self).contents()
    try write(bytes, to: name)
  }

  // MARK: changing it

  /// Removes a file or link; one that is gone already is fine.
  package func remove(_ name: String) throws(FileError) {
    guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
      throw .system(.remove, path: path(of: name), code: errno)
    }
  }

  package func rename(_ name: String, to other: String) throws(FileError) {
    guard renameat(descriptor, name, descriptor, other) == 0 else {
      throw .system(.rename, path: path(of: name), code: errno)
    }
  }

  /// Removes the temporary files that killed processes of this host left here.
  ///
  /// Those of live processes and of other hosts stay.
  /// - Returns: the names removed.
  @discardableResult
  package func removeLeftovers() throws(FileError) -> [String] {
    var removed: [String] = []
    for name in try names() where TemporaryName.isLeftover(name) {
      try remove(name)
      removed.append(name)
    }
    return removed
  }

  /// Makes created, renamed, linked and removed names last.
  package func flush() throws(FileError) {
    // One that may be written to but not be read can't be flushed; some file systems flush no directories at all. Theirs
    // is the best that can be had.
    guard isReadable, fsync(descriptor) != 0, errno != EINVAL else { return }
    throw .system(.makeDurable, path: path, code: errno)
  }
}
