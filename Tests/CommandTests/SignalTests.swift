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
    var stops: UInt32 = 0
    while true {
      let program = try workspace.start(stops == 0 ? arguments : ["train", "--resume", "run"])
      while !workspace.exists("run/checkpoints/last.h5"), program.isRunning { usleep(1000) }
      for _ in 0..<4 {
        // Longer with each stop: however long a machine takes to begin, there comes a step.
        usleep(UInt32.random(in: 1000..<20_000) + 500 * stops)
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

  /// Standard error is a pipe that is full and that nobody reads.
  @Test func theSecondSignalEndsARunThatCannotSayAnything() throws {
    let workspace = try Workspace()
    let pipe = Pipe()
    let writer = pipe.fileHandleForWriting.fileDescriptor
    _ = fcntl(writer, F_SETFL, O_NONBLOCK)
    while write(writer, [UInt8](repeating: 0, count: 4096), 4096) > 0 {}
    while write(writer, [0], 1) > 0 {}
    _ = fcntl(writer, F_SETFL, 0)
    let program = try workspace.start(
      ["--config", "lm.cfg", "training.epochs=1000000"], errors: pipe.fileHandleForWriting)
    // It begins by saying what it is about.
    while !workspace.exists("run/metrics.jsonl"), program.isRunning { usleep(1000) }
    usleep(300_000)
    program.send(SIGTERM)
    usleep(300_000)
    #expect(program.isRunning)
    program.send(SIGTERM)
    let outcome = try program.wait()
    #expect(outcome.code == 143 && !outcome.wasKilled)
  }

  /// As `nohup` has it.
  @Test func signalsThatWereIgnoredStayIgnored() throws {
    let workspace = try Workspace()
    let program = try workspace.start(
      ["--config", "lm.cfg", "training.epochs=1000000"],
      through: ["bash", "-c", "trap '' HUP INT; exec \"$@\"", "bash"])
    while !workspace.exists("run/checkpoints/last.h5"), program.isRunning { usleep(1000) }
    for signal in [SIGHUP, SIGINT, SIGHUP, SIGINT] {
      program.send(signal)
      usleep(50_000)
    }
    #expect(program.isRunning)
    program.send(SIGTERM)
    let outcome = try program.wait()
    #expect(outcome.code == 143 && !outcome.wasKilled)
    #expect(!outcome.errors.contains("SIGHUP") && !outcome.errors.contains("SIGINT"), "\(outcome.errors)")
  }

  /// A batch system that sends a signal waits for some seconds; a validation may take minutes.
  @Test func aSignalEndsAnEvaluation() throws {
    func begin(_ workspace: Workspace) throws -> [String] {
      #expect(try workspace.shell("for i in {1..80}; do cat \(SampleText.directory)/train.txt; done >long.txt") == 0)
      let settings = ["data.validation=long.txt", "training.epochs=1", "model.hidden=250", "evaluation.streams=1"]
      return ["--config", "lm.cfg", "--threads", "1"] + settings
    }
    let workspace = try Workspace()
    let program = try workspace.start(begin(workspace) + ["output.checkpoint_every=89"])
    // The last step but one.
    while try !Self.steps(in: workspace).contains("step-00000089.h5"), program.isRunning { usleep(1000) }
    usleep(200_000)
    program.send(SIGTERM)
    let outcome = try program.wait()
    #expect(outcome.code == 143 && !outcome.wasKilled, "\(outcome)")
    let state = try workspace.lastCheckpoint().state
    #expect(state.step == 90 && state.epoch == 0 && state.minibatch == 90)
    try workspace.succeed(["train", "--resume", "run"])
    #expect(try workspace.lastCheckpoint().state.epoch == 1)
    let reference = try Workspace()
    try reference.succeed(begin(reference))
    // The text's place is in the configuration.
    let (found, expected) = try (workspace.lastCheckpoint(), reference.lastCheckpoint())
    #expect(found.parameters == expected.parameters && found.moments == expected.moments)
    #expect(found.state.validationMeasures == expected.state.validationMeasures)
    #expect(try workspace.metrics() == reference.metrics())
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
