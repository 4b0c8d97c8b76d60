import Foundation
import Testing

/// A run writes into the directory that it has locked, wherever that is, and into no other.
struct MovedDirectoryTests {
  private static let endless = [
    "--config", "lm.cfg", "--threads", "1", "training.epochs=100000", "output.checkpoint_every=5",
  ]

  private static func waitForCheckpoint(in run: String, _ workspace: Workspace, _ program: RunningProgram) throws {
    func newest() -> String? { try? workspace.names(in: "\(run)/checkpoints").last { $0.hasPrefix("step-") } }
    let before = newest()
    while newest() == before || newest() == nil, program.isRunning { usleep(1000) }
    let errors = try program.errors()
    try #require(program.isRunning, "\(errors)")
  }

  @Test func aMovedRunGoesOnWhereItIs() throws {
    let workspace = try Workspace()
    let first = try workspace.start(Self.endless)
    try Self.waitForCheckpoint(in: "run", workspace, first)
    try FileManager.default.moveItem(atPath: workspace.path("run"), toPath: workspace.path("old"))
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    let names = try workspace.names(in: "run/checkpoints")
    let (bytes, metrics) = (try workspace.bytes("run/checkpoints/last.h5"), try workspace.bytes("run/metrics.jsonl"))
    try Self.waitForCheckpoint(in: "old", workspace, first)
    try Self.waitForCheckpoint(in: "old", workspace, first)
    first.send(SIGTERM)
    let outcome = try first.wait()
    #expect(outcome.code == 143)
    let place = workspace.path("old")
    #expect(outcome.errors.contains("run was moved; the run goes on writing to it, which is now \(place)\n"))
    #expect(outcome.errors.hasSuffix("go on with: rnn-train train --resume \(place)\n"), "\(outcome.errors)")
    #expect(try workspace.names(in: "run/checkpoints") == names)
    #expect(try workspace.bytes("run/checkpoints/last.h5") == bytes)
    #expect(try workspace.bytes("run/metrics.jsonl") == metrics)
    #expect(try workspace.text("old/train.log").contains("stopped by SIGTERM"))
    let step = try workspace.lastCheckpoint(of: "old").state.step
    #expect(
      try workspace.succeed(["train", "--resume", "old", "training.epochs=2000", "--pause-after", "1"]).errors
        .contains("resumed") || step > 0)
  }

  @Test func aRemovedDirectoryIsReported() throws {
    let workspace = try Workspace()
    let program = try workspace.start(Self.endless)
    try Self.waitForCheckpoint(in: "run", workspace, program)
    // Stopped, so that it writes nothing into what is being removed.
    program.send(SIGSTOP)
    try FileManager.default.moveItem(atPath: workspace.path("run"), toPath: workspace.path("gone"))
    #expect(try workspace.shell("rm -r gone && mkdir run && touch run/mine") == 0)
    program.send(SIGCONT)
    while try !program.errors().contains("run was removed while it was in use"), program.isRunning { usleep(1000) }
    program.send(SIGTERM)
    let outcome = try program.wait()
    #expect(outcome.code == 73 && outcome.errors.contains("rnn-train: run was removed while it was in use"))
    #expect(try workspace.names(in: "run") == ["mine"])
  }

  @Test func oneWhoseLockWasRemovedGivesWay() throws {
    let workspace = try Workspace()
    let first = try workspace.start(Self.endless)
    try Self.waitForCheckpoint(in: "run", workspace, first)
    // Made again, while nobody else has it.
    try FileManager.default.removeItem(atPath: workspace.path("run/run.lock"))
    try Self.waitForCheckpoint(in: "run", workspace, first)
    try Self.waitForCheckpoint(in: "run", workspace, first)
    #expect(try workspace.text("run/run.lock").contains("pid \(first.pid)\n"))
    // Stopped, so that another is quicker.
    first.send(SIGSTOP)
    try FileManager.default.removeItem(atPath: workspace.path("run/run.lock"))
    let second = try workspace.start(["train", "--resume", "run", "--threads", "1"])
    try Self.waitForCheckpoint(in: "run", workspace, second)
    first.send(SIGCONT)
    let outcome = try first.wait()
    #expect(outcome.code == 73)
    #expect(outcome.errors.contains("rnn-train: run belongs to process \(second.pid) on host "), "\(outcome.errors)")
    second.send(SIGTERM)
    #expect(try second.wait().code == 143)
    let resumed = try workspace.start(["train", "--resume", "run", "--threads", "1"])
    try Self.waitForCheckpoint(in: "run", workspace, resumed)
    resumed.send(SIGTERM)
    #expect(try !resumed.wait().errors.contains("passed over"))
  }

  @Test func whatIsRemovedDuringARunIsMissed() throws {
    let workspace = try Workspace()
    let program = try workspace.start(Self.endless)
    try Self.waitForCheckpoint(in: "run", workspace, program)
    while try !workspace.text("run/metrics.jsonl").contains("\"epoch\":2"), program.isRunning { usleep(1000) }
    for name in ["metrics.jsonl", "train.log"] {
      try FileManager.default.removeItem(atPath: workspace.path("run/\(name)"))
    }
    while try !program.errors().contains("metrics.jsonl was gone, and was written again"), program.isRunning {
      usleep(1000)
    }
    #expect(try workspace.text("run/metrics.jsonl").hasPrefix("{\"step\":90,\"epoch\":1,"))
    program.send(SIGTERM)
    let outcome = try program.wait()
    #expect(outcome.code == 143)
    #expect(try workspace.text("run/train.log") == outcome.errors)
  }
}
