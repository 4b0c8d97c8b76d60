import ArgumentParser
import Configuration
import ConfigurationFiles
import Diagnostics
import Presentation
import Sweeps
import Training

struct SweepRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a sweep, or go on with one.",
    discussion: """
      Examples:

        rnn-train sweep run --config configs/sweep.cfg --jobs 2
        rnn-train sweep --resume sweeps/lm

      Each trial is a run of its own, in a process and a directory of its own:
      one that fails is a row of the table. Ctrl-C lets the running trials save
      their checkpoints; a sweep that was cut off by anything goes on from there.
      """)

  @Option(help: ArgumentHelp("The sweep file of a new sweep.", valueName: "file"), completion: .file())
  var config: String?

  @Option(help: ArgumentHelp("The directory of a sweep to go on with.", valueName: "sweep"), completion: .directory)
  var resume: String?

  @Option(help: ArgumentHelp("Trials at a time.", valueName: "n"))
  var jobs = 1

  @Option(
    help: ArgumentHelp(
      "Processors for all trials together. (default: what the machine allows)", valueName: "n"))
  var cores: Int?

  @Option(help: "What to do when a trial fails.")
  var onFailure = SweepRunner.FailurePolicy.continue

  @Flag(help: "Print the trials, and run none.")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "Show no progress; SWEEP/sweep.log has it all the same.")
  var quiet = false

  @Argument(
    help: ArgumentHelp("Settings that win over the sweep file, for example trials=50.", valueName: "key=value"))
  var overrides: [String] = []

  func validate() throws {
    if let stray = overrides.first(where: { !$0.contains("=") }) {
      throw ValidationError("\(stray): expected show, export or KEY=VALUE")
    }
    switch (config, resume) {
    case (nil, nil): throw ValidationError("expected --config FILE, or --resume SWEEP; try configs/sweep.cfg")
    case (_?, _?): throw ValidationError("expected one of --config and --resume; a sweep to resume has its file")
    case (nil, _?):
      if dryRun { throw ValidationError("--dry-run is for --config; `rnn-train sweep show` shows a sweep's trials") }
      if !overrides.isEmpty { throw ValidationError("a sweep that has begun can't change: \(overrides[0])") }
    case (_?, nil): break
    }
    if jobs < 1 { throw ValidationError("--jobs \(jobs): expected a number of at least 1") }
    if let cores, cores < 1 { throw ValidationError("--cores \(cores): expected a number of at least 1") }
  }

  func run() throws {
    let shares = try ProcessorShares(available: ProcessorCount.processors(), cores: cores, jobs: jobs)
    guard let config else { return try run(in: resume ?? "", shares) }
    let configuration = try SweepConfiguration.load(path: config, overrides: overrides)
    let plan = try SweepPlan(configuration, file: config)
    if dryRun { return try Self.print(plan) }
    try SweepDirectory.create(plan, at: configuration.output.directory)
    try run(in: configuration.output.directory, shares)
  }

  /// The trials of a sweep that hasn't begun.
  private static func print(_ plan: SweepPlan) throws(OutputError) {
    let keys = plan.configuration.parameters.map(\.key)
    let rows = plan.trials.map { trial in [trial.id] + trial.assignments.map(\.value) }
    let rungs = plan.rungs.map { rung in
      "\(Format.count(rung.count, "trial")) to \(rung.epochs.map { "epoch \($0)" } ?? "the end")"
    }
    let table = Table(["trial"] + keys, rows, alignments: [.left] + keys.map { _ in .left })
    try Results.print("\(table)\n\n\(rungs.joined(separator: ", "))")
  }

  private func run(in directory: String, _ shares: ProcessorShares) throws {
    let console = Console(isQuiet: quiet)
    let progress = SweepProgress(console: console, record: try SweepRecord(of: directory))
    let runner = try SweepRunner(
      directory: directory, shares: shares, onFailure: onFailure, reporter: progress, notice: console.warn)
    try console.keepLog(SweepDirectory.logName, in: runner.directory)
    RunSignals.ignoreCheckpointRequests()
    let requests = RunRequests()
    let signals = try RunSignals(
      requests, console: console, announcement: "letting the running trials save their checkpoints",
      heedsCheckpointRequests: false)
    do {
      let outcome = try runner.run(until: requests)
      progress.end()
      signals.cancel()
      if outcome == .interrupted, let signal = signals.received {
        throw SweepStopped(signal: signal, directory: directory)
      }
      try SweepResults(runner.record).print()
    } catch {
      progress.end()
      if let line = Failure.line(for: error) { console.record(line) }
      throw error
    }
  }
}

extension SweepRunner.FailurePolicy: ExpressibleByArgument {}

/// How a sweep ends that was stopped by a signal.
struct SweepStopped: DiagnosedError {
  let signal: StopSignal
  let directory: String

  var exitCode: Diagnostics.ExitCode { signal.exitCode }

  var description: String {
    "stopped by \(signal) with every trial's checkpoint saved; go on with: "
      + "rnn-train sweep --resume \(Format.shellWord(directory))"
  }
}
