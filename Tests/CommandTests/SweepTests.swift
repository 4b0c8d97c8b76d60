import Foundation
import Testing
import rnn_train

/// Sweeps as a user runs them: whatever happens on the way, the same table.
struct SweepTests {
  /// Nine trials of a fraction of a second.
  static let sweep = """
    base: lm.cfg
    method: grid
    parameters:
      model.embedding: {values: [5, 9, 12]}
      training.optimizer: {values: [{learning_rate: 0.1}, {learning_rate: 0.02, momentum: 0.9}, {name: adam}]}
      training.epochs: {values: [4]}
      training.clip_norm: {values: [0]}
      model.activation: {values: [relu]}
      output.checkpoint_every: {values: [7]}
    output: {directory: sweep}
    """

  /// As many trials at a time as there are processors, up to two.
  static let jobs = "\(min(2, ProcessorCount.available()))"

  static func workspace(_ sweep: String = sweep) throws -> Workspace {
    let workspace = try Workspace()
    try workspace.write(sweep, to: "sweep.cfg")
    return workspace
  }

  /// Twelve trials, three of which diverge.
  static let twelve = sweep.replacingOccurrences(
    of: "{name: adam}]", with: "{name: adam}, {learning_rate: 1e30}]")

  /// The ids of a sweep's trials, in their order.
  static func ids(_ workspace: Workspace) throws -> [String] { try workspace.names(in: "sweep/trials") }

  static func table(_ workspace: Workspace) throws -> String {
    try workspace.succeed(["sweep", "show", "sweep", "--csv"]).output
  }

  /// Tables, best configurations, and every trial's checkpoints and metrics. The last checkpoint of a trial that failed
  /// is one of those before it failed, and whether it was stopped there is no part of the promise.
  static func expectSame(_ a: Workspace, _ b: Workspace, _ comment: Comment) throws {
    let table = try table(a)
    #expect(try table == Self.table(b), comment)
    #expect(try a.text("sweep/best.cfg") == b.text("sweep/best.cfg"), comment)
    #expect(try ids(a) == ids(b), comment)
    for id in try ids(a) where !table.contains("\(id),failed,") {
      let run = "sweep/trials/\(id)"
      #expect(try a.bytes("\(run)/checkpoints/last.h5") == b.bytes("\(run)/checkpoints/last.h5"), comment)
      #expect(try a.metrics(of: run) == b.metrics(of: run), comment)
    }
  }

  static func ends(_ workspace: Workspace) -> Int {
    ((try? workspace.text("sweep/journal.jsonl")) ?? "").components(separatedBy: "\"end\"").count - 1
  }

  @Test func killedAndResumedEqualsUninterrupted() throws {
    let reference = try Self.workspace(Self.twelve)
    try reference.succeed(["sweep", "--config", "sweep.cfg", "--jobs", "1"])
    let workspace = try Self.workspace(Self.twelve)
    var moments: [Int] = []
    for kill in 0..<3 {
      let arguments = kill == 0 ? ["--config", "sweep.cfg"] : ["--resume", "sweep"]
      let program = try workspace.start(["sweep", "--jobs", Self.jobs] + arguments)
      let before = Self.ends(workspace)
      while Self.ends(workspace) == before, program.isRunning { usleep(1000) }
      usleep(UInt32.random(in: 0..<60_000))
      program.send(SIGKILL)
      let outcome = try program.wait()
      try #require(outcome.wasKilled, "it had ended before: \(outcome)")
      moments.append(Self.ends(workspace))
    }
    let resumed = try workspace.succeed(["sweep", "--resume", "sweep", "--jobs", Self.jobs])
    #expect(Self.ends(workspace) == 12, "finished trials never run again")
    #expect(resumed.output.contains("failed: training diverged at step "))
    try Self.expectSame(workspace, reference, "killed after \(moments) trials")
    #expect(try Self.table(reference).components(separatedBy: ",failed,").count == 4)
  }

  @Test func stoppedAndResumedEqualsUninterrupted() throws {
    let workspace = try Self.workspace()
    let program = try workspace.start(["sweep", "--config", "sweep.cfg", "--jobs", Self.jobs])
    while Self.ends(workspace) < 3, program.isRunning { usleep(1000) }
    program.send(SIGINT)
    let outcome = try program.wait()
    #expect(outcome.code == 130 && !outcome.wasKilled, "\(outcome)")
    #expect(outcome.errors.contains("SIGINT: letting the running trials save their checkpoints"))
    #expect(
      outcome.errors.hasSuffix(
        "rnn-train: stopped by SIGINT with every trial's checkpoint saved; go on with: rnn-train sweep --resume sweep\n"
      ))
    #expect(outcome.output.isEmpty)
    #expect(Self.ends(workspace) < 9)
    try workspace.succeed(["sweep", "--resume", "sweep", "--jobs", Self.jobs])
    let reference = try Self.workspace()
    try reference.succeed(["sweep", "--config", "sweep.cfg"])
    try Self.expectSame(workspace, reference, "stopped")
  }

  @Test func aTrialEqualsARunOfItsConfiguration() throws {
    let workspace = try Self.workspace()
    try workspace.succeed(["sweep", "--config", "sweep.cfg", "--jobs", Self.jobs])
    let run = "sweep/trials/\(try Self.ids(workspace)[4])"
    let trial = try workspace.bytes("\(run)/checkpoints/last.h5")
    for name in ["checkpoints", "metrics.jsonl"] {
      try FileManager.default.removeItem(atPath: workspace.path("\(run)/\(name)"))
    }
    try workspace.succeed(["train", "--resume", run, "--threads", "3"])
    #expect(try workspace.bytes("\(run)/checkpoints/last.h5") == trial)
  }

  /// Files that come into a directory, or go, would make other texts of the same name.
  @Test(arguments: ["cp text/a.txt text/b.txt", "rm text/c.txt"])
  func trialsReadTheSameFiles(change: String) throws {
    let workspace = try Self.workspace(
      Self.sweep.replacing("lm.cfg", with: "own.cfg").replacing(
        "[{learning_rate: 0.1}, ", with: "[{learning_rate: 1e30}, ")
    )
    try workspace.write(try workspace.text("lm.cfg").replacing(/train: .*txt/, with: "train: text"), to: "own.cfg")
    let copies = "for name in a c; do head -c 20000 \(SampleText.directory)/train.txt >text/$name.txt; done"
    try #require(try workspace.shell("mkdir text; \(copies)") == 0)
    let stopped = try workspace.run(["sweep", "--config", "sweep.cfg", "--on-failure", "stop"])
    #expect(stopped.code == 75 && Self.ends(workspace) == 1, "\(stopped)")
    try #require(try workspace.shell(change) == 0)
    let outcome = try workspace.run(["sweep", "--resume", "sweep"])
    let file = change.hasPrefix("cp") ? "text/b.txt" : "text/c.txt"
    #expect(outcome.code == 65 && outcome.errors.contains(file) && Self.ends(workspace) == 1, "\(outcome)")
  }

  @Test func failureCanStopASweep() throws {
    let workspace = try Self.workspace(
      Self.sweep.replacingOccurrences(of: "[{learning_rate: 0.1}, ", with: "[{learning_rate: 1e30}, "))
    let outcome = try workspace.run(["sweep", "--config", "sweep.cfg", "--on-failure", "stop"])
    #expect(outcome.code == 75)
    let first = try Self.ids(workspace)[0]
    #expect(outcome.errors.contains("\nrnn-train: trial \(first) failed: training diverged at step "))
    #expect(outcome.errors.hasSuffix("go on without it by `rnn-train sweep --resume sweep`\n"))
    #expect(Self.ends(workspace) == 1)
    try workspace.succeed(["sweep", "--resume", "sweep", "--jobs", Self.jobs])
    #expect(Self.ends(workspace) == 9)
  }

  @Test func aSweepWhoseTrialsAllFailSaysSo() throws {
    let workspace = try Self.workspace(
      "{base: lm.cfg, parameters: {training.bptt: {values: [9000]}}, output: {directory: sweep}}")
    let outcome = try workspace.run(["sweep", "--config", "sweep.cfg"])
    #expect(outcome.code == 75)
    #expect(
      outcome.errors.contains("rnn-train: sweep: every trial failed, the first one: the training split is too short"))
  }

  /// What is around a trial is not its fault: it goes on when that is mended.
  @Test func anObstacleIsNoFailure() throws {
    let workspace = try Self.workspace()
    let trial = try #require(
      try workspace.succeed(["sweep", "--config", "sweep.cfg", "--dry-run"]).output.split(separator: "\n")
        .first { $0.hasPrefix("004-") }?.prefix { $0 != " " })
    // A file where a directory has to be made.
    try FileManager.default.createDirectory(
      atPath: workspace.path("sweep/trials/\(trial)"), withIntermediateDirectories: true)
    try workspace.write("", to: "sweep/trials/\(trial)/checkpoints")
    let outcome = try workspace.run(["sweep", "--config", "sweep.cfg"])
    #expect(outcome.code == 73)
    #expect(outcome.errors.contains("\nrnn-train: trial \(trial) can't go on: sweep/trials/\(trial)/checkpoints: "))
    #expect(Self.ends(workspace) == 4)
    try FileManager.default.removeItem(atPath: workspace.path("sweep/trials/\(trial)/checkpoints"))
    try workspace.succeed(["sweep", "--resume", "sweep", "--jobs", Self.jobs])
    #expect(Self.ends(workspace) == 9)
  }

  // MARK: processors

  /// The children of a process, with the processors that each of them may use.
  private static func children(of parent: Int32) -> [String] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { name in
      guard Int(name) != nil, let status = try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8),
        status.contains("PPid:\t\(parent)\n"), let match = status.firstMatch(of: /Cpus_allowed_list:\t(.*)/)
      else { return nil }
      return String(match.1)
    }
  }

  @Test(.enabled(if: ProcessorCount.available() >= 2, "it takes two processors to keep trials apart"))
  func trialsAreKeptApart() throws {
    let workspace = try Self.workspace(Self.sweep.replacingOccurrences(of: "[4]", with: "[1000]"))
    let program = try workspace.start(["sweep", "--config", "sweep.cfg", "--jobs", "2", "--cores", "2"])
    var seen: [String] = []
    // A child has all processors until it has come to its own restriction.
    while Set(seen).count < 2 || seen.contains(where: { Int($0) == nil }), program.isRunning {
      usleep(1000)
      seen = Self.children(of: program.pid)
      #expect(seen.count <= 2)
    }
    #expect(Set(seen).count == 2, "one processor each: \(seen)")
    for id in try Self.ids(workspace).prefix(2) {
      // What a trial computes with it says before its first step.
      let log = workspace.path("sweep/trials/\(id)/train.log")
      func said() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
      while !said().contains("\nrun  "), program.isRunning { usleep(1000) }
      #expect(said().contains("compute    1 thread,"))
    }
    program.send(SIGTERM)
    #expect(try program.wait().code == 143)
  }

  // MARK: successive halving

  private static let halving = """
    base: lm.cfg
    method: asha
    trials: 7
    reduction_factor: 2
    parameters:
      model.hidden: {min: 5, max: 30}
      training.optimizer.learning_rate: {min: 0.01, max: 2, distribution: log_uniform}
      training.schedule: {values: [{name: cosine}]}
    output: {directory: sweep}
    """

  @Test func halvingDecidesTheSameForAnyNumberOfJobs() throws {
    let one = try Self.workspace(Self.halving)
    try one.write(try one.text("lm.cfg").replacingOccurrences(of: "epochs: 2", with: "epochs: 5"), to: "lm.cfg")
    try one.succeed(["sweep", "--config", "sweep.cfg"])
    let two = try Self.workspace(Self.halving)
    try two.write(try one.text("lm.cfg"), to: "lm.cfg")
    let program = try two.start(["sweep", "--config", "sweep.cfg", "--jobs", Self.jobs])
    while Self.ends(two) < 8, program.isRunning { usleep(1000) }
    program.send(SIGKILL)
    try #require(try program.wait().wasKilled)
    try two.succeed(["sweep", "--resume", "sweep", "--jobs", Self.jobs])
    try Self.expectSame(one, two, "killed in the second rung")

    // 7 trials to epoch 1, 3 to epoch 2, 1 to epoch 4 and on to the end.
    let rows = try Self.table(one).split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
    #expect(
      rows.map { "\($0[1]) \($0[2])" }.sorted() == [
        "done 5", "stopped 1", "stopped 1", "stopped 1", "stopped 1", "stopped 2", "stopped 2",
      ])
    // Who was paused and promoted is who would have trained in one go.
    let best = try #require(rows.first { $0[1] == "done" })
    try one.succeed(["--config", "sweep/trials/\(best[0])/config.cfg", "output.directory=straight"])
    let (paused, straight) = (
      try one.lastCheckpoint(of: "sweep/trials/\(best[0])"), try one.lastCheckpoint(of: "straight")
    )
    #expect(paused.parameters == straight.parameters)
    #expect(paused.moments == straight.moments)
    #expect(paused.state == straight.state)
  }
}
