import Glibc

/// The file `run.lock` of a directory: what it says.
enum LockFile {
  static let name = "run.lock"

  /// - Parameter flags: of open(2), the access and what else is wanted; nothing but the file itself is opened.
  static func open(in directory: OpenDirectory, flags: Int32) throws(FileError) -> OpenFile {
    let file = try OpenFile(name, in: directory, flags: flags | O_NOFOLLOW | O_NONBLOCK, as: .lock)
    _ = try file.requireRegular()
    return file
  }

  /// What the directory's file says now: opened anew, since network file systems look for changes then. Empty where there is
  /// none.
  static func currentText(in directory: OpenDirectory) throws(FileError) -> String {
    do throws(FileError) {
      let file = try open(in: directory, flags: O_RDONLY)
      return try text(of: file.descriptor, file.path)
    } catch {
      if error.isForWantOfFile { return "" }
      throw error
    }
  }

  static func holder(in file: borrowing OpenFile) throws(FileError) -> LockHolder? {
    LockHolder(text: try text(of: file.descriptor, file.path))
  }

  /// - Parameter path: what errors call the file.
  static func text(of descriptor: Int32, _ path: String) throws(FileError) -> String {
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    // A file that can't be read isn't one that says nothing.
    guard count >= 0 else { throw .system(.read, path: path, code: errno) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// What is behind the text is cut off only then: a file that is empty, be it for a moment, says that its process has ended.
  static func replaceText(of file: borrowing OpenFile, by text: String) throws(FileError) {
    let bytes = Array(text.utf8)
    guard pwrite(file.descriptor, bytes, bytes.count, 0) == bytes.count,
      ftruncate(file.descriptor, off_t(bytes.count)) == 0
    else { throw .system(.lock, path: file.path, code: errno) }
  }
}

/// Who has a lock, as its file tells it.
struct LockHolder: CustomStringConvertible {
  var host: String
  var pid: Int
  /// UTC, ISO 8601.
  var since: String
  /// `Host.machine` of its process; its host's name where an older version wrote the file.
  var machine: String
  /// Raised as long as the process lives; nil where it gives no signs of life, since everybody sees its lock, or an older
  /// version took it.
  var signs: Int?

  static var this: LockHolder {
    LockHolder(host: Host.name, pid: Int(getpid()), since: now(), machine: Host.machine, signs: nil)
  }

  private init(host: String, pid: Int, since: String, machine: String, signs: Int?) {
    self.host = host
    self.pid = pid
    self.since = since
    self.machine = machine
    self.signs = signs
  }

  /// Nil for a text that `text` didn't produce, an empty one for instance.
  init?(text: String) {
    var values: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2 else { return nil }
      values[words[0]] = words[1]
    }
    guard let host = values["host"], let pid = values["pid"].flatMap({ Int($0) }), let since = values["since"] else {
      return nil
    }
    // An older version's process of this host, by its name, is of this machine.
    let machine = values["machine"].map(String.init) ?? (host == Host.name ? Host.machine : String(host))
    self.init(
      host: String(host), pid: pid, since: String(since), machine: machine,
      signs: values["signs"].flatMap { Int($0) })
  }

  /// False only for a process of this host that is gone.
  var mayLive: Bool { host != Host.name || kill(pid_t(clamping: pid), 0) == 0 || errno != ESRCH }

  /// Whether it is one process, whatever signs it has given.
  func isSame(as other: LockHolder) -> Bool {
    (host, pid, since, machine) == (other.host, other.pid, other.since, other.machine)
  }

  var text: String {
    "host \(host)\npid \(pid)\nsince \(since)\nmachine \(machine)\n" + (signs.map { "signs \($0)\n" } ?? "")
  }

  var description: String { "process \(pid) on host \(host) (since \(since))" }

  private static func now() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
      guard let start = buffer.baseAddress else { return "" }
      let count = strftime(start, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
      return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}
