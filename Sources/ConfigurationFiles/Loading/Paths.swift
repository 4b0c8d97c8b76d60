import Datasets
import Glibc
import Keys

/// The little that a configuration needs to know of the file system.
enum Paths {
  /// The working directory of the process, or `.` if it can't be told.
  static var workingDirectory: String { realPath(".") ?? "." }

  /// The user's home directory, if there is one.
  static var home: String? { getenv("HOME").map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil } }

  /// The absolute path without links, nil if there is nothing.
  static func realPath(_ path: String) -> String? {
    guard let buffer = realpath(path, nil) else { return nil }
    defer { free(buffer) }
    return String(cString: buffer)
  }

  /// The directory that a file is in, as far as its path says: `.` for a bare name.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The name of a file without its directory and its last extension.
  static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// A path as seen from a directory. Leading `..` go up the directory, which is exact if it is a real path.
  static func join(_ directory: String, _ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    var base = directory[...]
    var rest = path[...]
    while true {
      if rest.hasPrefix("./") {
        rest = rest.dropFirst(2)
      } else if rest.hasPrefix("../"), base.hasPrefix("/"), let slash = base.lastIndex(of: "/") {
        base = base[..<slash]
        if base.isEmpty { base = "/" }
        rest = rest.dropFirst(3)
      } else {
        return base.hasSuffix("/") ? "\(base)\(rest)" : "\(base)/\(rest)"
      }
    }
  }

  /// Why a path can't be read time and again, nil if it can.
  static func obstacle(toReading path: String, as input: Reading.Input) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT else { return lastSystemError }
      switch input {
      case .file: return "no such file"
      case .fileOrDirectory: return "no such file or directory"
      case .corpus where CorpusFiles.isPattern(path):
        return CorpusFiles.matches(of: path).isEmpty ? "no file matches" : obstacle(toReadingFilesOf: path)
      case .corpus: return "no such file"
      }
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR where input == .corpus: return obstacle(toReadingFilesOf: path)
    case S_IFDIR where input == .fileOrDirectory: break
    case S_IFDIR: return "is a directory, not a file"
    default: return "is not a regular file (data is read more than once)"
    }
    return access(path, R_OK) == 0 ? nil : lastSystemError
  }

  /// The same of the files that a directory or a pattern stands for.
  private static func obstacle(toReadingFilesOf path: String) -> String? {
    do throws(CorpusError) {
      for file in try CorpusFiles.all(of: path) {
        if let obstacle = obstacle(toReading: file, as: .file) { return "can't be read whole (\(file): \(obstacle))" }
      }
      return nil
    } catch .file(.noFiles) {
      return "no files but what isn't taken, names that begin with a full stop and links to directories"
    } catch {
      return error.description
    }
  }

  /// How files that keys name are found.
  ///
  /// - Parameters:
  ///   - fileDirectory: what relative paths in the file are relative to.
  ///   - overrideDirectory: what relative paths in overrides are relative to.
  ///   - checksFiles: whether a file that can't be read is a problem.
  static func lookup(fileDirectory: String, overrideDirectory: String, checksFiles: Bool) -> Reading.FileLookup {
    { path, origin, input in
      if input == .corpus, path == CorpusFiles.standardInput { return (path, nil) }
      let directory = if case .file = origin { fileDirectory } else { overrideDirectory }
      var resolved = join(directory, path)
      if input == .corpus, CorpusFiles.isPattern(path), realPath(resolved) == nil {
        resolved = join(CorpusFiles.pattern(of: directory), path)
      }
      return (resolved, checksFiles ? obstacle(toReading: resolved, as: input) : nil)
    }
  }

  /// What the system says of the call that has just failed.
  static var lastSystemError: String { String(cString: strerror(errno)) }
}
