import Foundation
import Testing

/// Runs that are stopped or killed, and go on.
struct InterruptionTests {
  /// Enough steps to be caught in the middle.
  private static let arguments = [
    "--config", "lm.cfg", "--threads", "2", "model.hidden=150", "training.epochs=6", "output.checkpoint_every=7",
  ]
  private static let taggerArguments = [
    "--config", "tagger.cfg", "--threads", "2", "model.hidden=60", "training.epochs=8", "output.checkpoint_every=7",
  ]

  private static func uninterrupted(_ arguments: [String] = arguments) throws -> Workspace {
    let workspace = try Workspace()
    try workspace.succeed(arguments)
    return workspace
  }

  /// Waits until the run has a checkpoint of a later step than it had, and then for a random time.
  private static func waitForProgress(_ program: RunningProgram, in workspace: Workspace) throws -> Int {
    func newest() throws -> String? {
      guard workspace.exists("run/checkpoints") else { return nil }
      return try workspace.names(in: "run/checkpoints").last { $0.hasPrefix("step-") }
    }
    let before = try newest() ?? "step-00000000.h5"
    while try (newest() ?? before) <= before, program.isRunning { usleep(1000) }
    let delay = Int.random(in: 0..<60_000)
    usleep(UInt32(delay))
    return delay
  }

  private static func expectSame(_ a: Workspace, _ b: Workspace, _ comment: Comment) throws {
    #expect(try a.bytes("run/checkpoints/last.h5") == b.bytes("run/checkpoints/last.h5"), comment)
    #expect(try a.bytes("run/checkpoints/best.h5") == b.bytes("run/checkpoints/best.h5"), comment)
    #expect(try a.metrics() == b.metrics(), comment)
    #expect(try a.names(in: "run/checkpoints") == b.names(in: "run/checkpoints"), comment)
  }

  private static let regularization = [
    "model.dropout=0.1", "model.variational_dropout=true", "model.weight_dropout=0.3", "model.vocabulary_dropout=0.1",
    "training.activation_regularization=2", "training.temporal_activation_regularization=1",
  ]
  private static let sparseArguments =
    arguments + [
      "model.output={kind: sampled, samples: 9}", "training.optimizer={name: adam, learning_rate: 0.01}",
      "training.sparse_updates=true",
    ]

  @Test(arguments: [
    arguments + ["training.averaging={}", "training.random_windows={deviation: 2, shortest: 3}", "training.shards=2"],
    arguments + ["model.output={kind: class, classes: 5}", "training.sparse_updates=true"] + regularization,
    sparseArguments,
    taggerArguments + ["training.averaging={name: mean, start: 2}"],
  ])
  func killedAndResumedEqualsUninterrupted(begin: [String]) throws {
    let reference = try Self.uninterrupted(begin)
    let workspace = try Workspace()
    var delays: [Int] = []
    for kill in 0..<3 {
      let arguments = kill == 0 ? begin : ["train", "--resume", "run", "--threads", "1"]
      let program = try workspace.start(arguments)
      delays.append(try Self.waitForProgress(program, in: workspace))
      program.send(SIGKILL)
      let outcome = try program.wait()
      try #require(outcome.wasKilled, "it had ended before: \(outcome)")
    }
    let resumed = try workspace.succeed(["train", "--resume", "run"])
    #expect(resumed.errors.contains("resumed"))
    try Self.expectSame(workspace, reference, "killed \(delays) microseconds after a checkpoint")
  }

  @Test(arguments: [(SIGINT, "SIGINT", Int32(130)), (SIGTERM, "SIGTERM", 143)])
  func stoppedAndResumedEqualsUninterrupted(signal: Int32, name: String, code: Int32) throws {
    let workspace = try Workspace()
    let program = try workspace.start(Self.arguments)
    _ = try Self.waitForProgress(program, in: workspace)
    program.send(signal)
    let outcome = try program.wait()
    #expect(outcome.code == code && !outcome.wasKilled)
    #expect(outcome.errors.contains("\(name): saving a checkpoint and stopping"))
    let step = try workspace.lastCheckpoint().state.step
    let line =
      "rnn-train: stopped by \(name) with everything up to step \(step) saved; go on with: rnn-train train --resume run"
    #expect(outcome.errors.hasSuffix(line + "\n"))
    #expect(try workspace.text("run/train.log").contains(line))
    #expect(outcome.output.isEmpty)

    try workspace.succeed(["train", "--resume", "run"])
    try Self.expectSame(workspace, Self.uninterrupted(), "stopped by \(name) at step \(step)")
  }

  /// A schedule that runs over all epochs shows whether the pause is one.
  @Test func pausedAndResumedEqualsUninterrupted() throws {
    let workspace = try Workspace()
    let arguments = ["--config", "lm.cfg", "training.schedule={name: cosine}"]
    try workspace.succeed(arguments + ["--pause-after", "1"])
    #expect(try workspace.lastCheckpoint().state.epoch == 1)
    #expect(try workspace.text("run/train.log").hasSuffix("\npaused after epoch 1\n"))
    let paused = try workspace.bytes("run/checkpoints/last.h5")
    try workspace.succeed(["train", "--resume", "run", "--pause-after", "1"])
    #expect(try workspace.bytes("run/checkpoints/last.h5") == paused)
    try workspace.succeed(["train", "--resume", "run"])
    let straight = try Workspace()
    try straight.succeed(arguments)
    try Self.expectSame(workspace, straight, "paused")
  }

  @Test func moreEpochsGoOnFromTheEnd() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2"])
    let straight = try Workspace()
    try straight.succeed(["--config", "lm.cfg"])
    #expect(try workspace.bytes("run/checkpoints/last.h5") == straight.bytes("run/checkpoints/last.h5"))
    #expect(try workspace.text("run/config.cfg") == straight.text("run/config.cfg"))
    #expect(try workspace.text("run/train.log").contains("resumed"))
  }

  /// What a killed process was about to put in place, in a new run's directory and in the cache.
  @Test func temporaryFilesOfKilledProcessesGo() throws {
    let workspace = try Workspace()
    let name = ".rnn-train-$(uname -n)-$pid-1-1.tmp"
    let left = "true & pid=$!; wait; mkdir -p run cache/rnn-train; touch run/\(name) cache/rnn-train/\(name)"
    #expect(try workspace.shell(left) == 0)
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    for directory in ["run", "cache/rnn-train"] {
      #expect(try workspace.names(in: directory).allSatisfy { !$0.hasSuffix(".tmp") })
    }
  }

  @Test func damagedCheckpointIsPassedOver() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    let reference = try workspace.bytes("run/checkpoints/last.h5")
    let newest = try #require(try workspace.names(in: "run/checkpoints").last { $0.hasPrefix("step-") })
    var damaged = reference
    damaged[damaged.count / 2] ^= 1
    try damaged.write(to: workspace.directory.appendingPathComponent("run/checkpoints/\(newest)"))
    let outcome = try workspace.succeed(["train", "--resume", "run"])
    #expect(outcome.errors.contains("passed over: run/checkpoints/\(newest) is damaged"))
    #expect(try workspace.bytes("run/checkpoints/last.h5") == reference)
  }

  /// A limit on file sizes fails writes as a full disk does: in the middle of a file.
  @Test func failedCheckpointCostsNothing() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    let before = try workspace.bytes("run/checkpoints/last.h5")
    let resume = "\(Program.path) train --resume run training.epochs=2 2>errors"
    let outcome = try workspace.shell("ulimit -f \(before.count / 1024 / 2); exec \(resume)")
    #expect(outcome == 73)
    let errors = try workspace.text("errors")
    let reason =
      "can't write: File too large; the process has a limit on file sizes (ulimit -f); "
      + "the checkpoint's numbers alone take "
    #expect(errors.contains("\nrun/checkpoints/step-00000120.h5: \(reason)"))
    #expect(errors.contains(" kB; the last checkpoint is still that of step 90\nrun/"))
    #expect(errors.contains("\nrnn-train: run/checkpoints/step-00000180.h5: \(reason)"))
    #expect(try workspace.bytes("run/checkpoints/last.h5") == before)
    try workspace.succeed(["train", "--resume", "run"])
    let straight = try Workspace()
    try straight.succeed(["--config", "lm.cfg"])
    #expect(try workspace.bytes("run/checkpoints/last.h5") == straight.bytes("run/checkpoints/last.h5"))
    #expect(try workspace.metrics() == straight.metrics())
  }

  @Test func runWithoutAnyCheckpointBegins() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    let reference = try workspace.bytes("run/checkpoints/last.h5")
    for name in ["checkpoints", "metrics.jsonl"] {
      try FileManager.default.removeItem(atPath: workspace.path("run/\(name)"))
    }
    let outcome = try workspace.succeed(["train", "--resume", "run"])
    #expect(outcome.errors.contains("run has no checkpoint yet"))
    #expect(try workspace.bytes("run/checkpoints/last.h5") == reference)
  }
}
