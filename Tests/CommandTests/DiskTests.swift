import Foundation
import Testing

/// Disks that fill up, and directories that can't be written to, while a run goes on.
struct DiskTests {
  private static let arguments = [
    "--config", "lm.cfg", "--threads", "1", "model.hidden=150", "training.epochs=40", "output.checkpoint_every=20",
  ]

  /// Lets a run come to a failed checkpoint in the middle, removes the cause, and expects that nothing shows.
  ///
  /// - Parameters:
  ///   - reason: part of what the run says then.
  ///   - prefix: a program that runs the program.
  private static func expectNothingLost(
    _ reason: String, through prefix: [String] = [], in workspace: Workspace, block: () throws -> Void,
    unblock: () throws -> Void
  ) throws {
    let program = try workspace.start(arguments, through: prefix)
    while !workspace.exists("run/checkpoints/step-00000020.h5"), program.isRunning { usleep(500) }
    try block()
    while try !program.errors().contains("the last checkpoint is still that of step"), program.isRunning { usleep(500) }
    let before = try workspace.bytes("run/checkpoints/last.h5")
    let again = try program.errors().components(separatedBy: "the last checkpoint is still").count
    while try program.errors().components(separatedBy: "the last checkpoint is still").count <= again,
      program.isRunning
    { usleep(500) }
    #expect(try workspace.bytes("run/checkpoints/last.h5") == before)
    try unblock()
    let outcome = try program.wait()
    #expect(outcome.code == 0 && !outcome.wasKilled, "\(outcome)")
    #expect(outcome.errors.contains(reason), "\(outcome.errors)")

    let reference = try Workspace()
    try reference.succeed(arguments)
    for file in ["last.h5", "best.h5"] {
      #expect(try workspace.bytes("run/checkpoints/\(file)") == reference.bytes("run/checkpoints/\(file)"))
    }
    #expect(try workspace.metrics() == reference.metrics())
    let names = try workspace.names(in: "run/checkpoints")
    #expect(try names == reference.names(in: "run/checkpoints"), "\(names)")
    // The log has every line, those included that it had no room for.
    let log = try workspace.text("run/train.log")
    #expect(log == outcome.errors.replacing(/rnn-train: train.log can't.*\n/, with: ""))
  }

  @Test func aDirectoryThatMayNotBeWrittenTo() throws {
    let workspace = try Workspace()
    // Root is let in everywhere unless it gives that right up.
    let prefix =
      geteuid() == 0
      ? ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", "--"] : []
    try Self.expectNothingLost("can't create: Permission denied", through: prefix, in: workspace) {
      #expect(chmod(workspace.path("run/checkpoints"), 0o555) == 0)
    } unblock: {
      #expect(chmod(workspace.path("run/checkpoints"), 0o755) == 0)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "mounting a small disk needs root"))
  func aDiskThatFillsUp() throws {
    let workspace = try Workspace()
    try FileManager.default.createDirectory(atPath: workspace.path("run"), withIntermediateDirectories: false)
    guard mount("none", workspace.path("run"), "tmpfs", 0, "size=8m") == 0 else {
      print("This system lets not even root mount a tmpfs: a disk that fills up is not tested.")
      return
    }
    defer { umount2(workspace.path("run"), Int32(MNT_DETACH)) }
    try Self.expectNothingLost("No space left on device; free some space, or write elsewhere", in: workspace) {
      let code = try workspace.shell("cat /dev/zero >run/filler 2>/dev/null")
      #expect(code != 0)
    } unblock: {
      #expect(unlink(workspace.path("run/filler")) == 0)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "mounting needs root"))
  func aDirectoryThatBecomesReadOnly() throws {
    let workspace = try Workspace()
    guard mount("none", workspace.path("."), "tmpfs", 0, nil) == 0, umount(workspace.path(".")) == 0 else {
      print("This system lets not even root mount anything: a directory that becomes read-only is not tested.")
      return
    }
    let checkpoints = workspace.path("run/checkpoints")
    defer { umount2(checkpoints, Int32(MNT_DETACH)) }
    try Self.expectNothingLost("can't create: Read-only file system", in: workspace) {
      let bind = UInt(MS_BIND)
      #expect(mount(checkpoints, checkpoints, "", bind, nil) == 0)
      #expect(mount("none", checkpoints, "", bind | UInt(MS_REMOUNT) | UInt(MS_RDONLY), nil) == 0)
    } unblock: {
      #expect(umount2(checkpoints, Int32(MNT_DETACH)) == 0)
    }
  }

  @Test func aRunThatCannotBeSavedFromTheStartDoesNotBegin() throws {
    let workspace = try Workspace()
    let code = try workspace.shell("ulimit -f 8; exec \(Program.path) --config lm.cfg 2>errors")
    #expect(code == 73)
    #expect(try workspace.text("errors").contains("rnn-train: run/checkpoints/step-00000000.h5: can't write: File too"))
    #expect(try workspace.names(in: "run/checkpoints").isEmpty)
    try workspace.succeed(["train", "--resume", "run"])
  }
}
