import Files
import Glibc

/// The files that a corpus' path stands for.
///
/// - a file, whatever its name is: itself;
/// - a directory: all files in it and in its directories, but those whose names begin with a full stop; links to directories
///   aren't followed;
/// - a pattern of the shell's (`*`, `?`, `[a-z]`), where nothing has it for its name: what it matches, directories as above.
///
/// They come in the order of their paths' bytes, in every locale.
package enum CorpusFiles {
  /// What stands for standard input.
  package static let standardInput = "-"

  /// - Throws: `FileError` where a directory can't be listed, has no file, or one whose name isn't UTF-8.
  package static func all(of path: String) throws(CorpusError) -> [String] {
    if path == standardInput { return [path] }
    do throws(FileError) {
      let matches = FileKind(path) == nil && isPattern(path) ? matches(of: path) : [path]
      var files: [String] = []
      for match in matches { files += try self.files(at: match) }
      if files.isEmpty {
        // Whoever opens it says why there is none.
        if matches.isEmpty { return [path] }
        throw FileError.noFiles(directory: path)
      }
      return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw .file(error)
    }
  }

  private static func files(at path: String) throws(FileError) -> [String] {
    guard FileKind(path) == .directory else {
      // What a name that isn't UTF-8 is read as is no file's.
      if path.contains("\u{FFFD}"), FileKind(path, followsLinks: false) == nil { throw .unreadableName(path: path) }
      return [path]
    }
    var files: [String] = []
    for name in try OpenDirectory(path).names() where !name.hasPrefix(".") {
      let entry = Path.join(path, name)
      if FileKind(entry) == .directory, FileKind(entry, followsLinks: false) != .directory { continue }
      files += try self.files(at: entry)
    }
    return files
  }

  /// Whether a path has a character that is special in patterns.
  package static func isPattern(_ path: String) -> Bool { path.contains { "*?[".contains($0) } }

  /// A pattern that a path alone matches.
  package static func pattern(of path: String) -> String {
    String(path.flatMap { "*?[\\".contains($0) ? ["\\", $0] : [$0] })
  }

  /// What a pattern matches, in no order; not the directory that it is in, nor the one above it.
  package static func matches(of pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, GLOB_NOSORT, nil, &result) == 0, let paths = result.gl_pathv else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
      .filter { ![".", ".."].contains(Path.name(of: $0)) }
  }
}

extension CorpusFiles {
  /// How many bytes of text there are in a file; what a compressed one unpacks to, of a large one estimated by its first mebibytes.
  package static func textSize(of path: String) throws(CorpusError) -> Int {
    var bytes = try TextBytes(path)
    let size = try bytes.fileSize
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var text = 0
    while text < sampleSize {
      let count = try buffer.withUnsafeMutableBufferPointer { (buffer) throws(CorpusError) in
        try bytes.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      if bytes.format == nil { return size }
      if count == 0 { return text }
      text += count
    }
    return Int((Double(text) * Double(size) / Double(bytes.bytesRead)).rounded())
  }

  /// Whether a file's text is not just its bytes.
  package static func isCompressed(_ path: String) throws(CorpusError) -> Bool {
    var bytes = try TextBytes(path)
    var byte: UInt8 = 0
    _ = try withUnsafeMutableBytes(of: &byte) { (byte) throws(CorpusError) in try bytes.read(into: byte) }
    return bytes.format != nil
  }

  /// Bytes of text by which the rest of a compressed file is estimated.
  private static let sampleSize = 16 << 20
}

/// What there is at a path.
private enum FileKind {
  case directory, other

  init?(_ path: String, followsLinks: Bool = true) {
    var status = stat()
    guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
    self = status.st_mode & S_IFMT == S_IFDIR ? .directory : .other
  }
}
