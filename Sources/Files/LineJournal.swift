import Glibc

/// A file that only ever grows, by whole lines, each of them on the disk before `append` returns.
///
/// A crash or a full disk can leave a last line without its end; opening the file takes that line off, so that the next
/// one begins where a line begins.
package struct LineJournal: ~Copyable {
  private let file: OpenFile

  /// Opens a journal, a new one if there is none. That only one process does so at a time is the caller's care.
  package init(_ path: String) throws(FileError) {
    let file = try OpenFile(path, flags: O_RDWR | O_CREAT | O_APPEND, as: .create)
    let length = try Self.wholeLines(of: path).length
    guard ftruncate(file.descriptor, off_t(length)) == 0 else { throw .system(.write, path: path, code: errno) }
    try Directory.flush(Path.directory(of: path))
    self.file = file
  }

  /// The whole lines of a journal that another process may be writing.
  package static func lines(_ path: String) throws(FileError) -> [String] { try wholeLines(of: path).lines }

  private static func wholeLines(of path: String) throws(FileError) -> (lines: [String], length: Int) {
    let bytes = try FileContents.read(path)
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return ([], 0) }
    let lines = bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return (lines.map { String(decoding: $0, as: UTF8.self) }, end + 1)
  }

  /// - Parameter line: without a line feed.
  package func append(_ line: String) throws(FileError) {
    let bytes = Array((line + "\n").utf8)
    try bytes.withUnsafeBufferPointer { bytes throws(FileError) in try file.write(UnsafeRawBufferPointer(bytes)) }
    try file.flush()
  }
}
