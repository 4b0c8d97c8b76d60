import Glibc

/// A file that grows at its end, for records that must not be lost and must not stop anybody.
///
/// What was appended since the last `makeDurable` stays in memory as well: what the disk had no room for, or lost after it
/// had said yes, is written again with the next piece. A file that somebody removes or replaces is put back.
package final class AppendedFile {
  private let directory: OpenDirectory
  private let name: String
  private let lock: DirectoryLock?
  private var file: OpenFile
  /// Bytes of the file that are on the disk for certain.
  private var durable: Int
  /// The bytes behind them.
  private var recent: [UInt8] = []
  /// How many bytes of `recent` are in the file.
  private var written = 0

  /// Bytes of `recent`: years of steps.
  private static let limit = 64 << 20

  /// Opens a file, a new one if there is none.
  ///
  /// - Parameter lock: what keeps the directory for this process, without which nothing is written.
  package init(
    _ name: String, in directory: OpenDirectory, heldBy lock: DirectoryLock? = nil
  ) throws(FileError) {
    (self.directory, self.name, self.lock) = (directory, name, lock)
    file = try Self.open(name, in: directory)
    durable = Int(lseek(file.descriptor, 0, SEEK_END))
    try directory.flush()
  }

  private static func open(_ name: String, in directory: OpenDirectory) throws(FileError) -> OpenFile {
    try directory.openOwnFile(name, flags: O_RDWR | O_CREAT, as: .create)
  }

  /// - Throws: only when there is too much that couldn't be written, or the directory has become somebody else's.
  package func append(_ bytes: [UInt8]) throws(FileError) {
    recent += bytes
    do throws(FileError) {
      try lock?.check()
      try writeRecent()
    } catch {
      if case .lockLost = error { throw error }
      // Nothing is lost yet, and `makeDurable` reports it if it lasts.
      if recent.count > Self.limit { throw error }
    }
  }

  /// Makes sure that the file has everything, if not the disk yet: for records that a power cut may take.
  package func settle() throws(FileError) {
    try writeRecent()
    if !isInPlace { try putBack() }
    durable += recent.count
    (recent, written) = ([], 0)
  }

  /// Waits until the disk has everything.
  ///
  /// - Returns: whether the file had been removed or replaced, and was put back.
  @discardableResult
  package func makeDurable() throws(FileError) -> Bool {
    try writeRecent()
    let isMissed = !isInPlace
    if isMissed { try putBack() }
    do throws(FileError) {
      try file.flush()
    } catch {
      // Nobody knows which of it the disk has.
      written = 0
      throw error
    }
    durable += recent.count
    (recent, written) = ([], 0)
    return isMissed
  }

  /// Cuts the file off.
  ///
  /// - Parameter length: of a file with all that `contents` gets; what it returns is kept.
  package func cut(keeping length: (_ contents: [UInt8]) -> Int) throws(FileError) {
    try makeDurable()
    durable = length(try contents())
    try truncate()
    try file.flush()
  }

  /// Whether the file's name still means this file.
  private var isInPlace: Bool {
    guard let here = FileStatus(of: file.descriptor), let there = FileStatus(name, at: directory.descriptor) else {
      return false
    }
    return here.isSameFile(as: there)
  }

  /// Writes all that the file held to a new one of its name, and goes on there.
  private func putBack() throws(FileError) {
    try directory.write(try contents(), to: name)
    file = try Self.open(name, in: directory)
  }

  private func contents() throws(FileError) -> [UInt8] {
    let copy = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .system(.read, path: file.path, code: errno) }
    return try InputFile(descriptor: copy, path: file.path).contents()
  }

  private func writeRecent() throws(FileError) {
    // What an earlier try left behind the last whole piece.
    if written == 0 { try truncate() }
    while written < recent.count {
      let count = recent.withUnsafeBytes { bytes in
        pwrite(file.descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written, off_t(durable + written))
      }
      guard count >= 0 || errno == EINTR else { throw .system(.write, path: file.path, code: errno) }
      written += max(count, 0)
    }
  }

  private func truncate() throws(FileError) {
    guard ftruncate(file.descriptor, off_t(durable)) == 0 else {
      throw .system(.write, path: file.path, code: errno)
    }
  }
}
