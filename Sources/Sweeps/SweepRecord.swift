import Configuration
import ConfigurationFiles
import Files
import Training

/// A sweep as far as it has come. Everything here follows from the directory; the sweep may be going on meanwhile.
package struct SweepRecord: Sendable {
  package let directory: String
  package let plan: SweepPlan
  private var journal: Journal
  /// What the trials are to read.
  var sources: SourceFiles { SourceFiles(journal.beginning.sources ?? []) }

  /// - Throws: `SweepError.holdsNoSweep`, and what else is wrong with the directory.
  package init(of directory: String) throws {
    let path = SweepDirectory.journalPath(directory)
    guard let file = try InputFile.ifThere(path),
      let journal = try Journal(lines: LineJournal.lines(of: file), file: path)
    else { throw SweepError.holdsNoSweep(directory: directory) }
    let configurationPath = SweepDirectory.configurationPath(directory)
    let bytes = try InputFile(configurationPath).contents()
    guard bytes.withUnsafeBytes({ ContentHash.hex(of: $0) }) == journal.beginning.sweepSha256 else {
      throw SweepError.changed(file: configurationPath)
    }
    let configuration = try SweepConfiguration.parse(
      text: String(decoding: bytes, as: UTF8.self), name: configurationPath, directory: directory)
    guard configuration.assignments.count == journal.beginning.ids.count else {
      throw SweepError.damagedJournal(file: path, line: 1)
    }
    self.directory = directory
    self.journal = journal
    plan = SweepPlan(configuration, ids: journal.beginning.ids, epochs: journal.beginning.epochs.first ?? 1)
  }

  /// Those that the trials' directories have, in the order of the trials.
  package func configurations() throws -> [RunConfiguration] {
    try plan.trials.map { trial in
      let path = RunDirectory.configurationPath(SweepDirectory.runPath(directory, trial))
      return try RunConfiguration.load(path: path, checkFiles: false)
    }
  }

  mutating func record(_ end: TrialEnd) { journal.record(end) }

  private func end(of trial: Int, rung: Int) -> TrialEnd? {
    journal.ends.last { $0.trial == trial && $0.rung == rung }
  }

  // MARK: who is in which rung

  /// The numbers of a rung's trials; nil until the rung before it is over.
  func members(ofRung rung: Int) -> [Int]? {
    guard rung > 0 else { return Array(plan.trials.indices) }
    guard let before = members(ofRung: rung - 1) else { return nil }
    let ends = before.compactMap { end(of: $0, rung: rung - 1) }
    guard ends.count == before.count else { return nil }
    let values = ends.compactMap { end in end.value.map { (end.trial, $0) } }
    return plan.rungs[rung].promoted(
      from: Dictionary(uniqueKeysWithValues: values), goal: plan.configuration.metric.goal)
  }

  /// The trials of a rung that aren't over in it; nil until the rung before it is.
  func waiting(inRung rung: Int) -> [Trial]? {
    members(ofRung: rung)?.filter { end(of: $0, rung: rung) == nil }.map { plan.trials[$0] }
  }

  // MARK: what has come out

  /// A line of the sweep's table.
  package struct Row: Sendable, Equatable {
    package let trial: Trial
    package let state: State
    /// Epochs done.
    package let epochs: Int
    /// The best epoch's value so far.
    package let value: Double?
    /// Why it failed.
    package let failure: String?

    package static func == (a: Row, b: Row) -> Bool {
      a.trial.id == b.trial.id && a.state == b.state && a.epochs == b.epochs && a.value == b.value
        && a.failure == b.failure
    }
  }

  package enum State: String, Sendable {
    case waiting
    /// It runs, or it was interrupted.
    case unfinished
    /// It is at the end of a rung, and may be in the next.
    case paused
    /// It is at the end of a rung, and isn't in the next.
    case stopped
    case done
    case failed
  }

  /// All trials, in their order.
  ///
  /// - Throws: what keeps a run's metrics from being read.
  package var rows: [Row] {
    get throws {
      let members = plan.rungs.indices.map { self.members(ofRung: $0) }
      return try plan.trials.map { try row(of: $0, members: members) }
    }
  }

  private func row(of trial: Trial, members: [[Int]?]) throws -> Row {
    let end = journal.ends.filter { $0.trial == trial.number }.max { $0.rung < $1.rung }
    if let end, let failure = end.failure {
      return Row(trial: trial, state: .failed, epochs: end.epochs, value: nil, failure: failure)
    }
    let next = (end?.rung ?? -1) + 1
    let mayGoOn = next < plan.rungs.count && (members[next]?.contains(trial.number) ?? true)
    if let end, !mayGoOn {
      let isLast = end.rung == plan.rungs.count - 1
      return Row(
        trial: trial, state: isLast ? .done : .stopped, epochs: end.epochs, value: end.value, failure: nil)
    }
    let run = SweepDirectory.runPath(directory, trial)
    let metrics = try RunMetrics(ofRunAt: run)
    let limit = plan.rungs[min(next, plan.rungs.count - 1)].epochs
    let done = metrics.done(within: limit)
    let isBegun =
      if let end {
        metrics.last.map { $0.epoch > end.epochs } ?? false
      } else {
        try RunDirectory.hasCheckpoint(run)
      }
    // It may have been trained by another way, a job array for one.
    let isDone = limit == nil && done >= journal.beginning.epochs[trial.number]
    let state: State = isDone ? .done : isBegun ? .unfinished : end == nil ? .waiting : .paused
    return Row(
      trial: trial, state: state, epochs: done,
      value: metrics.best(plan.configuration.metric, within: limit), failure: nil)
  }

  /// The best of the trials that have a value, of equals the first.
  package var best: Row? {
    get throws {
      let goal = plan.configuration.metric.goal
      return try rows.reduce(nil) { best, row in
        guard let value = row.value else { return best }
        guard let other = best?.value else { return row }
        return goal.prefers(value, to: other) ? row : best
      }
    }
  }

  /// The best trial's configuration, to train with as it is: into a directory of its own. Nil without a trial that has a
  /// value.
  package func bestConfiguration() throws -> RunConfiguration? {
    guard let best = try best else { return nil }
    let source = RunDirectory.configurationPath(SweepDirectory.runPath(directory, best.trial))
    var configuration = try RunConfiguration.load(path: source, checkFiles: false)
    configuration.output.directory = Path.join(directory, "best")
    return configuration
  }

  /// Writes `bestConfiguration` as a file.
  ///
  /// - Returns: the file.
  package func writeBest() throws -> String? {
    guard let configuration = try bestConfiguration() else { return nil }
    let path = SweepDirectory.bestPath(directory)
    try DurableFile.write(Array(configuration.render().utf8), to: path)
    return path
  }

  /// Where a running trial stands.
  package struct Progress: Sendable {
    /// Epochs done.
    package let epochs: Int
    /// The best epoch's value of the metric so far.
    package let value: Double?
    /// Of the last line of metrics, with the mean loss of the steps before it.
    package let step: Int?
    package let loss: Double?
  }

  package func progress(of trial: Trial) throws(FileError) -> Progress {
    let metrics = try RunMetrics(ofRunAt: SweepDirectory.runPath(directory, trial))
    return Progress(
      epochs: metrics.done(within: nil), value: metrics.best(plan.configuration.metric, within: nil),
      step: metrics.last?.step, loss: metrics.last?.loss ?? metrics.last?.trainLoss)
  }
}
