import Diagnostics
import Glibc

/// How a process shows that it lives to those of other machines, and how long they look for it.
package struct LeaseTerms: Sendable {
  /// Milliseconds between two signs of life.
  var renewal: Int32
  /// Milliseconds between two looks at somebody else's.
  var pause: Int32
  /// Looks without a change after which a process counts as dead.
  var looks: Int

  /// - Precondition: a living process gives several signs in the time of all looks.
  package init(renewal: Int32, pause: Int32, looks: Int) {
    precondition(Int(renewal) * 2 < Int(pause) * looks, "time for a sign of life, even a late one")
    (self.renewal, self.pause, self.looks) = (renewal, pause, looks)
  }

  /// A sign every ten seconds, and a minute of looks: network file systems may show a change late.
  package static let usual = LeaseTerms(renewal: 10_000, pause: 1000, looks: 60)

  /// Of all looks.
  var seconds: Int { Int(pause) * looks / 1000 }

  func wait() { usleep(UInt32(pause) * 1000) }
}

/// Signs of life in a directory's `run.lock`, where the kernel's locks may end at each machine: a number that a thread raises
/// until `end`.
///
/// Nobody's clock is compared with anybody else's, so none that jumps does any harm: who looks for a change counts looks.
/// A process that is suspended for longer than others look is taken for dead; it finds that out when it goes on, by
/// `DirectoryLock.check`, and writes nothing to the directory any more.
final class Lease: Sendable {
  private let directory: OpenDirectory
  private let holder: LockHolder
  private let renewal: Int32
  private let stop: PipeEnds

  /// Begins with the signs.
  ///
  /// - Parameter holder: who has the lock and is in its file.
  /// - Returns: the lease, and the thread that gives the signs.
  static func begin(
    in directory: OpenDirectory, of holder: LockHolder, every renewal: Int32
  ) throws(SystemShortage) -> (lease: Lease, thread: pthread_t) {
    let lease = Lease(directory, of: holder, every: renewal, stop: try PipeEnds())
    let own = Unmanaged.passRetained(lease)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { own in
        if let own { Unmanaged<Lease>.fromOpaque(own).takeRetainedValue().run() }
        return nil
      }, own.toOpaque())
    guard code == 0 else {
      own.release()
      throw SystemShortage(of: "thread", code: code)
    }
    return (lease, thread)
  }

  private init(_ directory: OpenDirectory, of holder: LockHolder, every renewal: Int32, stop: PipeEnds) {
    (self.directory, self.holder, self.renewal, self.stop) = (directory, holder, renewal, stop)
  }

  deinit {
    close(stop.reading)
    close(stop.writing)
  }

  /// Ends the signs: none comes once the thread has been joined.
  func end() {
    var byte: UInt8 = 0
    _ = write(stop.writing, &byte, 1)
  }

  private func run() {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    var holder = holder
    var end = pollfd(fd: stop.reading, events: Int16(POLLIN), revents: 0)
    while poll(&end, 1, renewal) == 0 {
      holder.signs = (holder.signs ?? 0) + 1
      do throws(FileError) {
        let file = try LockFile.open(in: directory, flags: O_RDWR)
        // Somebody else's is theirs; the process that has lost it finds out by itself.
        if try LockFile.holder(in: file).map(holder.isSame) ?? true {
          try LockFile.replaceText(of: file, by: holder.text)
        }
      } catch {
        // A sign that can't be given now comes next time.
      }
    }
  }
}
