import Glibc
import Synchronization

/// Keeps a directory for one process, from `init` until `release` or the object's end.
///
/// The lock is the kernel's, on the open file `run.lock`: it goes with the process however that ends, `kill -9`
/// included, so a dead process never keeps a directory. What the file says only tells people who has it. The file is
/// emptied on release, not removed: removing would let two processes each lock a `run.lock` of their own.
///
/// The owner keeps a reference for as long as it writes to the directory.
package final class DirectoryLock: Sendable {
  /// The file's name in the directory.
  package static let fileName = "run.lock"

  /// The open `run.lock`; nil after `release`.
  private let descriptor: Mutex<Int32?>

  /// Locks `directory`, which must be there.
  ///
  /// - Throws: `FileError.inUse` if another live process, or another lock of this one, has it; `.lockedElsewhere` if a
  ///   process of another host was the last to have it and didn't say that it ended, because a kernel's locks may not
  ///   reach over a network; `.locksUnsupported` if the file system has no locks.
  package init(directory: String) throws(FileError) {
    let path = Path.join(directory, Self.fileName)
    let descriptor = try Self.openLocked(path, directory: directory)
    do throws(FileError) {
      if let holder = Holder(text: Self.text(of: descriptor)), holder.host != Host.name {
        throw .lockedElsewhere(lockFile: path, holder: holder.description)
      }
      try Self.replaceText(of: descriptor, by: Holder.this.text, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = Mutex(descriptor)
  }

  deinit { release() }

  /// Lets other processes have the directory. A second call does nothing.
  package func release() {
    descriptor.withLock { descriptor in
      guard let open = descriptor else { return }
      // If this fails, the text stays and the next process of this host replaces it.
      _ = ftruncate(open, 0)
      // Closing alone would leave the lock to a child process that was forked and hasn't come to its exec yet.
      flock(open, LOCK_UN)
      close(open)
      descriptor = nil
    }
  }

  private static func openLocked(_ path: String, directory: String) throws(FileError) -> Int32 {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw .system(.lock, path: path, code: errno) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        let holder = code == EWOULDBLOCK ? holder(of: descriptor) : ""
        close(descriptor)
        switch code {
        case EINTR: continue
        case EWOULDBLOCK: throw .inUse(directory: directory, holder: holder)
        case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL: throw .locksUnsupported(directory: directory, code: code)
        default: throw .system(.lock, path: path, code: code)
        }
      }
      // Somebody may have deleted the file between our two calls; a lock on a file without a name keeps nobody out.
      var status = stat()
      if fstat(descriptor, &status) == 0 && status.st_nlink > 0 { return descriptor }
      close(descriptor)
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

  private static func replaceText(of descriptor: Int32, by text: String, path: String) throws(FileError) {
    let bytes = Array(text.utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw .system(.lock, path: path, code: errno)
    }
  }
}

/// Who has a lock, as its file tells it.
private struct Holder: CustomStringConvertible {
  var host: String
  var pid: Int
  /// UTC, ISO 8601.
  var since: String

  static var this: Holder { Holder(host: Host.name, pid: Int(getpid()), since: now()) }

  init(host: String, pid: Int, since: String) {
    self.host = host
    self.pid = pid
    self.since = since
  }

  /// Nil for a text that `text` didn't produce, an empty one for instance.
  init?(text: String) {
    let lines = text.split(separator: "\n")
    guard lines.count == 3, lines[0].hasPrefix("host "), lines[1].hasPrefix("pid "), lines[2].hasPrefix("since "),
      let pid = Int(lines[1].dropFirst(4))
    else { return nil }
    self.init(host: String(lines[0].dropFirst(5)), pid: pid, since: String(lines[2].dropFirst(6)))
  }

  /// False only for a process of this host that is gone.
  var mayLive: Bool { host != Host.name || kill(pid_t(clamping: pid), 0) == 0 || errno != ESRCH }

  var text: String { "host \(host)\npid \(pid)\nsince \(since)\n" }

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
