import Foundation
import Testing

/// What signals and the time limit ask of a run, beside stopping it once.
struct SignalTests {
  private static let arguments = [
    "--config", "lm.cfg", "--threads", "2", "model.hidden=150", "training.epochs=6", "output.checkpoint_every=100000",
    "training.time_limit=1d",
  ]

  private static func steps(in workspace: Workspace) throws -> [String] {
    guard workspace.exists("run/checkpoints") else { return [] }
    return try workspace.names(in: "run/checkpoints").filter { $0.hasPrefix("step-") }
  }

  @Test func checkpointsOnRequestChangeNothing() throws {
    let reference = try Workspace()
    try reference.succeed(Self.arguments)
    let workspace = try Workspace()
    let program = try workspace.start(Self.arguments)
    while try Self.steps(in: workspace).isEmpty, program.isRunning { usleep(1000) }
    var requested: Set<String> = []
    while program.isRunning {
      program.send(SIGUSR1)
      usleep(2000)
      requested.formUnion(try Self.steps(in: workspace))
    }
    let outcome = try program.wait()
    #expect(outcome.code == 0 && !outcome.wasKilled)
    #expect(outcome.errors.contains("SIGUSR1: saving a checkpoint\n"))
    // Epochs have 90 steps.
    let between = requested.filter { Int($0.dropFirst(5).dropLast(3)).map { $0 % 90 != 0 } ?? false }
    #expect(between.count > 3, "\(requested.sorted())")
    #expect(try workspace.bytes("run/checkpoints/last.h5") == reference.bytes("run/checkpoints/last.h5"))
    #expect(try workspace.bytes("run/checkpoints/best.h5") == reference.bytes("run/checkpoints/best.h5"))
    #expect(try workspace.metrics() == reference.metrics())
  }

  /// A run that diverges again and again until its learning rate is low enough, stopped again and again.
  @Test func rollbacksAreTheSameWithInterruptions() throws {
    let arguments = [
      "--config", "lm.cfg", "model.activation=relu", "model.hidden=100", "training.clip_norm=0", "training.epochs=3",
      "training.on_divergence=rollback", "training.rollbacks=30", "training.optimizer.learning_rate=10",
      "output.checkpoint_every=7", "output.keep=1",
    ]
    let reference = try Workspace()
    let straight = try reference.succeed(arguments)
    #expect(straight.errors.contains("half the learning rate (rollback 3)\n"))
    let workspace = try Workspace()
    var stops = 0
    while true {
      let program = try workspace.start(stops == 0 ? arguments : ["train", "--resume", "run"])
      while !workspace.exists("run/checkpoints/last.h5"), program.isRunning { usleep(1000) }
      for _ in 0..<4 {
        usleep(UInt32.random(in: 1000..<20_000))
        program.send(SIGUSR1)
      }
      program.send(SIGINT)
      let outcome = try program.wait()
      if outcome.code == 0 && !outcome.wasKilled { break }
      // Before it heeds signals it may be killed by one.
      try #require(outcome.code == 130 || (outcome.wasKilled && outcome.code == SIGINT), "\(outcome)")
      stops += 1
    }
    #expect(stops > 0)
    #expect(try workspace.bytes("run/checkpoints/last.h5") == reference.bytes("run/checkpoints/last.h5"))
    #expect(try workspace.bytes("run/checkpoints/best.h5") == reference.bytes("run/checkpoints/best.h5"))
    #expect(try workspace.metrics() == reference.metrics())
    #expect(try workspace.names(in: "run/checkpoints") == reference.names(in: "run/checkpoints"))
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func theSecondSignalEndsARunAtOnce(signal: Int32) throws {
    let workspace = try Workspace()
    // Steps of about a second.
    let program = try workspace.start([
      "--config", "lm.cfg", "--threads", "2", "model={cell: lstm, hidden: 600, layers: 2}", "training.bptt=700",
    ])
    while !workspace.exists("run/checkpoints/last.h5"), program.isRunning { usleep(1000) }
    program.send(signal)
    while try !workspace.text("run/train.log").contains("once more to stop at once"), program.isRunning { usleep(1000) }
    program.send(signal)
    let outcome = try program.wait()
    #expect(outcome.code == 128 + signal && !outcome.wasKilled)
    #expect(outcome.errors.hasSuffix(": stopping at once; the run goes on from its last checkpoint\n"))
    #expect(try workspace.lastCheckpoint().state.step == 0)
  }

  @Test func theTimeLimitStopsARunThatCanGoOn() throws {
    let workspace = try Workspace()
    let outcome = try workspace.succeed(Self.arguments + ["training.epochs=1000000", "training.time_limit=1s"])
    let state = try workspace.lastCheckpoint().state
    let step = state.step
    #expect(
      outcome.errors.hasSuffix(
        "rnn-train: stopped by training.time_limit with everything up to step \(step) saved; go on with: "
          + "rnn-train train --resume run\n"))
    #expect(outcome.output.isEmpty)
    let epochs = "training.epochs=\(state.epoch + 1)"
    try workspace.succeed(["train", "--resume", "run", "training.time_limit=1d", epochs])
    let reference = try Workspace()
    try reference.succeed(Self.arguments + [epochs])
    #expect(try workspace.bytes("run/checkpoints/last.h5") == reference.bytes("run/checkpoints/last.h5"))
    #expect(try workspace.metrics() == reference.metrics())
  }
}
