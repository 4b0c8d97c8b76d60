import Files
import Foundation
import Synchronization
import Testing

@Suite struct DirectoryLockTests {
  @Test func ofFiftySimultaneousStartsOneWins() throws {
    try withTemporaryDirectory { directory in
      let outcomes = Mutex<(locks: [DirectoryLock], refusals: [FileError])>(([], []))
      DispatchQueue.concurrentPerform(iterations: 50) { _ in
        do throws(FileError) {
          let lock = try DirectoryLock(directory: directory)
          outcomes.withLock { $0.locks.append(lock) }
        } catch {
          outcomes.withLock { $0.refusals.append(error) }
        }
      }
      let (locks, refusals) = outcomes.withLock { ($0.locks.count, $0.refusals) }
      #expect(locks == 1)
      for refusal in refusals {
        guard case .inUse(directory, _) = refusal else {
          Issue.record("unexpected refusal: \(refusal)")
          continue
        }
      }
    }
  }

  @Test func refusalNamesTheHolderAndReleaseLetsOthersIn() throws {
    try withTemporaryDirectory { directory in
      let first = try DirectoryLock(directory: directory)
      let error = #expect(throws: FileError.self) { try DirectoryLock(directory: directory) }
      let process = "process \(getpid()) on host \(ProcessInfo.processInfo.hostName)"
      #expect(error?.description.hasPrefix("\(directory) is in use by \(process) (since 2") == true)
      #expect(error?.exitCode == .cannotWrite)
      first.release()
      #expect(try text(of: "\(directory)/run.lock") == "")
      let second = try DirectoryLock(directory: directory)
      first.release()
      #expect(throws: FileError.self) { try DirectoryLock(directory: directory) }
      withExtendedLifetime(second) {}
    }
  }

  @Test func aLockEndsWithItsObject() throws {
    try withTemporaryDirectory { directory in
      var lock: DirectoryLock? = try DirectoryLock(directory: directory)
      withExtendedLifetime(lock) {}
      lock = nil
      lock = try DirectoryLock(directory: directory)
      withExtendedLifetime(lock) {}
    }
  }

  @Test func aKilledProcessLetsGo() throws {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/run.lock"
      // A process that has the lock, as one of ours would: flock(1) keeps it through its exec of sleep.
      let other = try start("flock", "--no-fork", file, "sleep", "60")
      defer { other.terminate() }
      var refusal: FileError?
      for _ in 0..<1000 where refusal == nil {
        do throws(FileError) { try DirectoryLock(directory: directory).release() } catch { refusal = error }
        usleep(2000)
      }
      #expect(refusal == .inUse(directory: directory, holder: "another process"))
      kill(other.processIdentifier, SIGKILL)
      other.waitUntilExit()
      // What it might have left in the file doesn't count: it is of this host, and the kernel says that it is gone.
      let host = ProcessInfo.processInfo.hostName
      try put("host \(host)\npid \(other.processIdentifier)\nsince 2026-01-01T00:00:00Z\n", at: file)
      let lock = try DirectoryLock(directory: directory)
      #expect(try text(of: file).contains("\npid \(getpid())\n"))
      lock.release()
    }
  }

  /// A container that was killed comes back under another host name.
  @Test func aLockOfAnotherHostThatNobodyHoldsIsNobodysWhereEverybodySeesLocks() throws {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/run.lock"
      try put("host node-17\npid 42\nsince 2026-01-01T00:00:00Z\n", at: file)
      let lock = try DirectoryLock(OpenDirectory(directory), reach: .everybody)
      #expect(try text(of: file).contains("\npid \(getpid())\n"))
      // Two live ones never have it.
      #expect(throws: FileError.self) { try DirectoryLock(OpenDirectory(directory), reach: .everybody) }
      lock.release()
      // One of this machine's containers, where locks end at the machine.
      let machine = try text(of: "/proc/sys/kernel/random/boot_id")
      try put("host node-17\npid 42\nsince 2026-01-01T00:00:00Z\nmachine \(machine)", at: file)
      try DirectoryLock(OpenDirectory(directory), reach: .eachMachine).release()
    }
  }

  /// Signs every 10 ms, and 20 looks of 5 ms.
  private static let quick = LeaseTerms(renewal: 10, pause: 5, looks: 20)
  /// What a process of another machine leaves that gives signs of life.
  private static func lockText(signs: Int) -> String {
    "host node-17\npid 42\nsince 2026-01-01T00:00:00Z\nmachine 3f7c\nsigns \(signs)\n"
  }

  /// Where locks end at each machine.
  @Test func whoGivesNoSignOfLifeHasLostTheDirectory() throws {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/run.lock"
      // Dead: nothing changes while somebody looks.
      try put(Self.lockText(signs: 4711), at: file)
      var notices: [String] = []
      let lock = try DirectoryLock(
        OpenDirectory(directory), reach: .eachMachine, terms: Self.quick, notice: { notices.append($0) })
      #expect(notices.count == 1 && notices[0].contains("process 42 on host node-17"), "\(notices)")
      #expect(try text(of: file).contains("\npid \(getpid())\n"))
      try lock.check()
      // This one lives, and shows it.
      let signs = try (text(of: file), { usleep(100_000) }(), text(of: file))
      #expect(signs.0 != signs.2 && signs.2.contains(/signs [1-9]/), "\(signs)")
      lock.release()
      #expect(try text(of: file) == "")
    }
  }

  @Test func whoGivesSignsOfLifeKeepsTheDirectory() throws {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/run.lock"
      try put(Self.lockText(signs: 0), at: file)
      let isDone = Mutex(false)
      // In place: as the process of another machine would, which has another lock.
      let other = Thread {
        var signs = 0
        while !isDone.withLock(\.self), let open = FileHandle(forUpdatingAtPath: file) {
          signs += 1
          open.write(Data(Self.lockText(signs: signs).utf8))
          open.closeFile()
          usleep(20_000)
        }
      }
      other.start()
      for _ in 0..<5 {
        let error = #expect(throws: FileError.self) {
          try DirectoryLock(OpenDirectory(directory), reach: .eachMachine, terms: Self.quick)
        }
        #expect(
          error == .inUse(directory: directory, holder: "process 42 on host node-17 (since 2026-01-01T00:00:00Z)"))
      }
      isDone.withLock { $0 = true }
      while !other.isFinished { usleep(1000) }
      try DirectoryLock(OpenDirectory(directory), reach: .eachMachine, terms: Self.quick).release()
    }
  }

  /// A process that was suspended, and whose directory another machine's has taken since, writes nothing more to it.
  @Test func whoHasLostTheDirectoryWhileSuspendedFindsOut() throws {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/run.lock"
      // No sign within the time of this test, as of a suspended process.
      let asleep = LeaseTerms(renewal: 60_000, pause: 5, looks: 1_000_000)
      let lock = try DirectoryLock(OpenDirectory(directory), reach: .eachMachine, terms: asleep)
      try lock.check()
      let open = try #require(FileHandle(forUpdatingAtPath: file))
      open.truncateFile(atOffset: 0)
      open.write(Data(Self.lockText(signs: 1).utf8))
      open.closeFile()
      #expect(
        throws: FileError.lockLost(
          directory: directory, holder: "process 42 on host node-17 (since 2026-01-01T00:00:00Z)")
      ) { try lock.check() }
      lock.release()
      #expect(try text(of: file) == Self.lockText(signs: 1), "it is the other one's")
    }
  }

  /// Both find the file empty and write to it; who writes last has it.
  @Test func ofTwoMachinesThatComeAtOnceOneHasTheDirectory() throws {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/run.lock"
      let slow = LeaseTerms(renewal: 100, pause: 100, looks: 20)
      let other = Thread {
        while (try? String(contentsOfFile: file, encoding: .utf8).contains("pid \(getpid())")) != true { usleep(100) }
        let open = FileHandle(forUpdatingAtPath: file)
        open?.truncateFile(atOffset: 0)
        open?.write(Data(Self.lockText(signs: 0).utf8))
        open?.closeFile()
      }
      other.start()
      #expect(
        throws: FileError.inUse(
          directory: directory, holder: "process 42 on host node-17 (since 2026-01-01T00:00:00Z)")
      ) { try DirectoryLock(OpenDirectory(directory), reach: .eachMachine, terms: slow) }
    }
  }

  @Test func aLockOfAnotherHostIsNotStolen() throws {
    try withTemporaryDirectory { directory in
      let file = "\(directory)/run.lock"
      let content = "host node-17\npid 42\nsince 2026-01-01T00:00:00Z\n"
      try put(content, at: file)
      #expect(
        throws: FileError.lockedElsewhere(
          lockFile: file, holder: "process 42 on host node-17 (since 2026-01-01T00:00:00Z)")
      ) { try DirectoryLock(OpenDirectory(directory), reach: .eachMachine) }
      #expect(try text(of: file) == content)
      try Directory.remove(file)
      try DirectoryLock(OpenDirectory(directory), reach: .eachMachine).release()
    }
  }
}
