import Foundation
import Testing

/// One run, one directory: real processes that all want the same one.
struct LockTests {
  @Test func ofFiftyStartsOneTrainsAndTheOthersSayWhoItIs() throws {
    let workspace = try Workspace()
    let programs = try (0..<50).map { _ in
      try workspace.start(["--config", "lm.cfg", "--threads", "1", "training.epochs=1000000"])
    }
    while programs.count(where: \.isRunning) > 1 { usleep(10_000) }
    let running = programs.first { $0.isRunning }
    let holder = try #require(running)
    for program in programs where program !== holder {
      let outcome = try program.wait()
      #expect(outcome.code == 73 && !outcome.wasKilled)
      #expect(
        outcome.errors.hasPrefix("rnn-train: run is in use by process \(holder.pid) on host "), "\(outcome.errors)")
    }

    holder.send(SIGKILL)
    #expect(try holder.wait().wasKilled)
    let next = try workspace.start(["train", "--resume", "run", "--threads", "1"])
    while try !workspace.text("run/run.lock").contains("\npid \(next.pid)\n"), next.isRunning { usleep(1000) }
    #expect(next.isRunning)
    while try !workspace.text("run/train.log").contains("resumed "), next.isRunning { usleep(1000) }
    next.send(SIGKILL)
    #expect(try next.wait().wasKilled)
  }

  /// Where locks may end at each machine: a ramfs stands for those network file systems, being none of the others.
  @Test(.enabled(if: geteuid() == 0, "mounting needs root"))
  func aLockOfAnotherHostIsReportedAndStays() throws {
    let workspace = try Workspace()
    try FileManager.default.createDirectory(atPath: workspace.path("run"), withIntermediateDirectories: false)
    guard mount("none", workspace.path("run"), "ramfs", 0, nil) == 0 else {
      print("This system lets not even root mount a ramfs: the lock of another host is not tested.")
      return
    }
    defer { umount2(workspace.path("run"), Int32(MNT_DETACH)) }
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    let lock = "host node-17\npid 42\nsince 2026-01-01T00:00:00Z\n"
    try workspace.write(lock, to: "run/run.lock")
    let outcome = try workspace.run(["train", "--resume", "run", "training.epochs=2"])
    #expect(outcome.code == 73)
    #expect(
      outcome.errors
        == "rnn-train: run/run.lock belongs to process 42 on host node-17 (since 2026-01-01T00:00:00Z), which can't be "
        + "checked from here; if that process is gone, delete the file\n")
    #expect(try workspace.text("run/run.lock") == lock)
    try FileManager.default.removeItem(atPath: workspace.path("run/run.lock"))
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2"])
  }
}
