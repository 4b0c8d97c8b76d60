import Diagnostics
import Glibc
import Synchronization

/// Keeps a directory for one process, from `init` until `release` or the object's end.
///
/// The lock is the kernel's, on the open file `run.lock`: it goes with the process however that ends, `kill -9`
/// included, so a dead process never keeps a directory. Where everybody sees it, what the file says only tells people who has
/// it. Where it may end at each machine, the file has signs of life as well (`Lease`): a process of another machine
/// keeps the directory for as long as they come. The file is emptied on release, not removed: removing would let two
/// processes each lock a `run.lock` of their own.
///
/// The owner keeps a reference for as long as it writes to the directory, and asks `check` before it does.
package final class DirectoryLock: Sendable {
  private struct State {
    /// The open `run.lock`.
    var descriptor: Int32
    /// Where the lock may end at this machine.
    let lease: (lease: Lease, thread: pthread_t)?
  }

  private let directory: OpenDirectory
  private let holder: LockHolder
  /// Nil after `release`.
  private let state: Mutex<State?>

  /// Locks a directory.
  ///
  /// - Parameters:
  ///   - reach: who sees the file system's locks; nil: what its kind says.
  ///   - notice: gets a line if it is going to take a minute.
  /// - Throws: `FileError.inUse` if another live process, or another lock of this one, has it; `.lockedElsewhere` if a
  ///   process of another machine had it last, didn't say that it ended, and is of a version that gives no signs of life;
  ///   `.locksUnsupported` if the file system has no locks.
  package init(
    _ directory: OpenDirectory, reach: LockReach? = nil, terms: LeaseTerms = .usual, notice: (String) -> Void = { _ in }
  ) throws(FileError) {
    let reach = reach ?? LockReach(of: directory)
    var holder = LockHolder.this
    let file = try Self.openLocked(in: directory)
    var lease: (lease: Lease, thread: pthread_t)?
    switch reach {
    case .everybody:
      try LockFile.replaceText(of: file, by: holder.text)
    case .eachMachine:
      if let other = try LockFile.holder(in: file), other.machine != Host.machine {
        try Self.awaitEnd(of: other, in: directory, terms, notice)
      }
      holder.signs = 0
      try LockFile.replaceText(of: file, by: holder.text)
      try file.flush()
      // Another machine's process may have come to the same conclusion at the same time: the last one to write has it.
      terms.wait()
      if let other = LockHolder(text: try LockFile.currentText(in: directory)), !other.isSame(as: holder) {
        throw .inUse(directory: directory.path, holder: other.description)
      }
      do throws(SystemShortage) {
        lease = try Lease.begin(in: directory, of: holder, every: terms.renewal)
      } catch {
        throw .shortage(error)
      }
    }
    self.directory = directory
    self.holder = holder
    state = Mutex(State(descriptor: file.release(), lease: lease))
  }

  /// Locks the directory of a path, which must be there.
  package convenience init(directory path: String) throws(FileError) {
    try self.init(OpenDirectory(path))
  }

  deinit { release() }

  /// Whether a live process has a directory, as far as this machine can tell without touching its lock, which a process that
  /// begins just now would find taken.
  package static func isHeld(atPath path: String) -> Bool {
    do throws(FileError) {
      let file = try LockFile.open(in: OpenDirectory(path), flags: O_RDONLY)
      guard let holder = try LockFile.holder(in: file), holder.mayLive else { return false }
      // Its number may be another process' by now. The kernel's list has the lock, unless that is another machine's.
      guard holder.machine == Host.machine, let status = FileStatus(of: file.descriptor) else { return true }
      return Self.systemLocks.map { $0.contains(":\(status.inode) ") } ?? true
    } catch {
      // What can't be looked at isn't known to be held.
      return false
    }
  }

  /// The locks that the kernel lists: `1: FLOCK  ADVISORY  WRITE 314 08:01:2718 0 EOF`. Nil where it lists none for us.
  private static var systemLocks: String? {
    do throws(FileError) {
      let text = String(decoding: try InputFile("/proc/locks").bytes(in: 0..<1 << 20), as: UTF8.self)
      return text.isEmpty ? nil : text
    } catch {
      return nil
    }
  }

  /// Lets other processes have the directory. A second call does nothing.
  package func release() {
    state.withLock { state in
      guard let last = state else { return }
      if let (lease, thread) = last.lease {
        lease.end()
        pthread_join(thread, nil)
      }
      // What another machine's process has written since stays: the directory is that one's. If this fails, our own stays,
      // and the next process that gets the lock replaces it.
      do throws(FileError) {
        let text = try LockFile.text(of: last.descriptor, directory.path(of: LockFile.name))
        if LockHolder(text: text).map(holder.isSame) ?? true { _ = ftruncate(last.descriptor, 0) }
      } catch {}
      // Closing alone would leave the lock to a child process that was forked and hasn't come to its exec yet.
      flock(last.descriptor, LOCK_UN)
      close(last.descriptor)
      state = nil
    }
  }

  /// Makes sure that the directory is there and still this process's alone. A `run.lock` that somebody has removed is made
  /// again; with one that somebody else has made, or has taken over since this process gave no sign of life for long, the
  /// directory is lost.
  ///
  /// - Throws: `FileError.directoryGone` or `.lockLost`.
  package func check() throws(FileError) {
    if directory.whereabouts == .gone { throw .directoryGone(directory.path) }
    guard let held = state.withLock(\.self) else { return }
    if held.lease != nil, let other = LockHolder(text: try LockFile.currentText(in: directory)),
      !other.isSame(as: holder)
    {
      throw .lockLost(directory: directory.path, holder: other.description)
    }
    if let status = FileStatus(of: held.descriptor), let named = FileStatus(LockFile.name, at: directory.descriptor),
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
    try LockFile.replaceText(of: file, by: holder.text)
    let new = file.release()
    state.withLock { $0?.descriptor = new }
    close(held.descriptor)
  }

  /// Waits whether a process of another machine gives a sign of life.
  ///
  /// - Throws: `FileError.inUse` if it does, and `.lockedElsewhere` if it can't.
  private static func awaitEnd(
    of other: LockHolder, in directory: OpenDirectory, _ terms: LeaseTerms, _ notice: (String) -> Void
  ) throws(FileError) {
    let path = directory.path(of: LockFile.name)
    guard other.signs != nil else { throw .lockedElsewhere(lockFile: path, holder: other.description) }
    notice("\(path) is that of \(other): looking for \(terms.seconds) seconds whether that process lives")
    let before = try LockFile.currentText(in: directory)
    for _ in 0..<terms.looks {
      terms.wait()
      let text = try LockFile.currentText(in: directory)
      // It has ended as it should.
      if text.isEmpty { return }
      if text != before {
        throw .inUse(directory: directory.path, holder: (LockHolder(text: text) ?? other).description)
      }
    }
  }

  private static func openLocked(in directory: OpenDirectory) throws(FileError) -> OpenFile {
    while true {
      let file = try LockFile.open(in: directory, flags: O_RDWR | O_CREAT)
      guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
        switch errno {
        case EINTR: continue
        case EWOULDBLOCK: throw .inUse(directory: directory.path, holder: try holder(of: file))
        case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL: throw .locksUnsupported(directory: directory.path, code: errno)
        default: throw .system(.lock, path: file.path, code: errno)
        }
      }
      // Somebody may have removed or replaced the file between our two calls; a lock on a file without a name keeps nobody
      // out.
      guard let status = FileStatus(of: file.descriptor),
        let named = FileStatus(LockFile.name, at: directory.descriptor),
        status.isSameFile(as: named)
      else { continue }
      if status.linkCount == 1 { return file }
      // A snapshot by hard links has it too, and must neither be locked along nor be written to.
      try directory.remove(LockFile.name)
    }
  }

  /// Who has the lock. One that took it just now says so in a moment; until then the file tells of one that is gone.
  private static func holder(of file: borrowing OpenFile) throws(FileError) -> String {
    for _ in 0..<50 {
      if let holder = try LockFile.holder(in: file), holder.mayLive { return holder.description }
      usleep(10_000)
    }
    return "another process"
  }
}
