import Glibc
import Synchronization

/// Keeps a directory for one process, from `init` until `release` or the object's end.
///
/// The lock is the kernel's, on the open file `run.lock`: it goes with the process however that ends, `kill -9`
/// included, so a dead process never keeps a directory. What the file says only tells people who has it, and other machines
/// where the file system's locks end at each of them. The file is emptied on release, not removed: removing would let two
/// processes each lock a `run.lock` of their own.
///
/// The owner keeps a reference for as long as it writes to the directory, and asks `check` before it does.
package final class DirectoryLock: Sendable {
  /// The file's name in the directory.
  package static let fileName = "run.lock"

  private let directory: OpenDirectory
  /// The open `run.lock`; nil after `release`.
  private let descriptor: Mutex<Int32?>

  /// Locks a directory.
  ///
  /// - Throws: `FileError.inUse` if another live process, or another lock of this one, has it; `.lockedElsewhere` if a
  ///   process of another machine was the last to have it and didn't say that it ended, where the file system's locks don't
  ///   reach over a network; `.locksUnsupported` if the file system has no locks.
  package convenience init(_ directory: OpenDirectory) throws(FileError) {
    try self.init(directory, reach: LockReach(of: directory))
  }

  /// - Parameter reach: who sees the file system's locks.
  package init(_ directory: OpenDirectory, reach: LockReach) throws(FileError) {
    let file = try Self.openLocked(in: directory)
    if let holder = Holder(text: Self.text(of: file.descriptor)), !reach.showsLocks(ofMachine: holder.machine) {
      throw .lockedElsewhere(lockFile: file.path, holder: holder.description)
    }
    try Self.replaceText(of: file, by: Holder.this.text)
    self.directory = directory
    descriptor = Mutex(file.release())
  }

  /// Locks the directory of a path, which must be there.
  package convenience init(directory path: String) throws(FileError) {
    try self.init(OpenDirectory(path))
  }

  deinit { release() }

  /// Lets other processes have the directory. A second call does nothing.
  package func release() {
    descriptor.withLock { descriptor in
      guard let open = descriptor else { return }
      // If this fails, the text stays and the next process that gets the lock replaces it.
      _ = ftruncate(open, 0)
      // Closing alone would leave the lock to a child process that was forked and hasn't come to its exec yet.
      flock(open, LOCK_UN)
      close(open)
      descriptor = nil
    }
  }

  /// Makes sure that the directory is there and still this process's alone. A `run.lock` that somebody has removed is made
  /// again; with one that somebody else has made the directory is lost.
  ///
  /// - Throws: `FileError.directoryGone` or `.lockLost`.
  package func check() throws(FileError) {
    if directory.whereabouts == .gone { throw .directoryGone(directory.path) }
    guard let held = descriptor.withLock(\.self) else { return }
    if let status = FileStatus(of: held), let named = FileStatus(Self.fileName, at: directory.descriptor),
      status.isSameFile(as: named)
    {
      return
    }
    let file: OpenFile
    do throws(FileError) {
      file = try Self.openLocked(in: directory)
    } catch .inUse(let path, let holder) {
      throw .lockLost(directory: path, holder: holder)
    }
    try Self.replaceText(of: file, by: Holder.this.text)
    let new = file.release()
    descriptor.withLock { $0 = new }
    close(held)
  }

  private static func openLocked(in directory: OpenDirectory) throws(FileError) -> OpenFile {
    while true {
      let file = try OpenFile(
        fileName, in: directory, flags: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, as: .lock)
      _ = try file.requireRegular()
      guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
        switch errno {
        case EINTR: continue
        case EWOULDBLOCK: throw .inUse(directory: directory.path, holder: holder(of: file.descriptor))
        case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL: throw .locksUnsupported(directory: directory.path, code: errno)
        default: throw .system(.lock, path: file.path, code: errno)
        }
      }
      // Somebody may have removed or replaced the file between our two calls; a lock on a file without a name keeps nobody
      // out.
      guard let status = FileStatus(of: file.descriptor), let named = FileStatus(fileName, at: directory.descriptor),
        status.isSameFile(as: named)
      else { continue }
      if status.linkCount == 1 { return file }
      // A snapshot by hard links has it too, and must neither be locked along nor be written to.
      try directory.remove(fileName)
    }
  }

  /// Who has the lock. One that took it just now says so in a moment; until then the file tells of one that is gone.
  private static func holder(of descriptor: Int32) -> String {
    for _ in 0..<50 {
      if let holder = Holder(text: text(of: descriptor)), holder.mayLive { return holder.description }
      usleep(10_000)
    }
    return "another process"
  }

  private static func text(of descriptor: Int32) -> String {
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
      let count = pread(descriptor, buffer.baseAddress, buffer.count, 0)
      return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }
  }

  private static func replaceText(of file: borrowing OpenFile, by text: String) throws(FileError) {
    let bytes = Array(text.utf8)
    guard ftruncate(file.descriptor, 0) == 0, pwrite(file.descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw .system(.lock, path: file.path, code: errno)
    }
  }
}

/// Who has a lock, as its file tells it.
private struct Holder: CustomStringConvertible {
  var host: String
  var pid: Int
  /// UTC, ISO 8601.
  var since: String
  /// `Host.machine` of its process; its host's name where an older version wrote the file.
  var machine: String

  static var this: Holder { Holder(host: Host.name, pid: Int(getpid()), since: now(), machine: Host.machine) }

  private init(host: String, pid: Int, since: String, machine: String) {
    self.host = host
    self.pid = pid
    self.since = since
    self.machine = machine
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
    self.init(host: String(host), pid: pid, since: String(since), machine: machine)
  }

  /// False only for a process of this host that is gone.
  var mayLive: Bool { host != Host.name || kill(pid_t(clamping: pid), 0) == 0 || errno != ESRCH }

  var text: String { "host \(host)\npid \(pid)\nsince \(since)\nmachine \(machine)\n" }

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
