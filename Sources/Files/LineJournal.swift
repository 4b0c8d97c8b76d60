import Glibc

/// A file that only ever grows, by whole lines, each of them on the disk before `append` returns.
///
/// A crash or a full disk can leave a last line without its end; opening the file takes that line off, so that the next
/// one begins where a line begins.
package struct LineJournal: ~Copyable {
  private let file: OpenFile

  /// Opens a journal, a new one if there is none. That only one process does so at a time is the caller's care.
  package init(_ name: String, in directory: OpenDirectory) throws(FileError) {
    let file = try directory.openOwnFile(name, flags: O_RDWR | O_CREAT | O_APPEND, as: .create)
    let length = Self.wholeLines(of: try InputFile(name, in: directory).contents()).length
    guard ftruncate(file.descriptor, off_t(length)) == 0 else {
      throw .system(.write, path: file.path, code: errno)
    }
    try directory.flush()
    self.file = file
  }

  /// The whole lines of a journal that another process may be writing.
  package static func lines(of file: InputFile) throws(FileError) -> [String] {
    wholeLines(of: try file.contents()).lines
  }

  private static func wholeLines(of bytes: [UInt8]) -> (lines: [String], length: Int) {
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
