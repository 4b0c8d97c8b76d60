import Glibc

/// A file that grows at its end, for records that must not be lost and must not stop anybody.
///
/// What was appended since the last `makeDurable` stays in memory as well: what the disk had no room for, or lost after it
/// had said yes, is written again with the next piece.
package final class AppendedFile {
  private let path: String
  private let descriptor: Int32
  /// Bytes of the file that are on the disk for certain.
  private var durable: Int
  /// The bytes behind them.
  private var recent: [UInt8] = []
  /// How many bytes of `recent` are in the file.
  private var written = 0

  /// Bytes of `recent`: years of steps.
  private static let limit = 64 << 20

  /// Opens a file, a new one if there is none.
  package init(_ path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(.create, path: path, code: errno) }
    durable = Int(lseek(descriptor, 0, SEEK_END))
    try Directory.flush(Path.directory(of: path))
  }

  deinit { close(descriptor) }

  /// - Throws: only when there is too much that couldn't be written.
  package func append(_ bytes: [UInt8]) throws(FileError) {
    recent += bytes
    do throws(FileError) {
      try writeRecent()
    } catch {
      // Nothing is lost yet, and `makeDurable` reports it if it lasts.
      if recent.count > Self.limit { throw error }
    }
  }

  /// Waits until the disk has everything.
  package func makeDurable() throws(FileError) {
    try writeRecent()
    do throws(FileError) {
      try flush()
    } catch {
      // Nobody knows which of it the disk has.
      written = 0
      throw error
    }
    durable += recent.count
    (recent, written) = ([], 0)
  }

  /// Cuts the file off.
  ///
  /// - Parameter length: of a file with all that `contents` gets; what it returns is kept.
  package func cut(keeping length: (_ contents: [UInt8]) -> Int) throws(FileError) {
    try makeDurable()
    durable = length(try FileContents.read(path))
    try truncate()
    try flush()
  }

  private func writeRecent() throws(FileError) {
    // What an earlier try left behind the last whole piece.
    if written == 0 { try truncate() }
    while written < recent.count {
      let count = recent.withUnsafeBytes { bytes in
        pwrite(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written, off_t(durable + written))
      }
      guard count >= 0 || errno == EINTR else { throw .system(.write, path: path, code: errno) }
      written += max(count, 0)
    }
  }

  private func truncate() throws(FileError) {
    guard ftruncate(descriptor, off_t(durable)) == 0 else { throw .system(.write, path: path, code: errno) }
  }

  private func flush() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw .system(.makeDurable, path: path, code: errno) }
  }
}
