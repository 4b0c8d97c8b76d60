import Configuration
import ConfigurationFiles
import Diagnostics
import Files
import Glibc
import Training

/// Hears of a sweep's progress. It only looks: nothing it does can change the sweep.
package protocol SweepReporter: AnyObject {
  /// - Parameter remaining: trials of the rung that aren't over.
  func begin(_ rung: Int, of plan: SweepPlan, remaining: Int)
  func started(_ trial: Trial)
  /// A trial's process has ended; `row` says what the trial has come to.
  func ended(_ row: SweepRecord.Row)
  /// Some tenths of a second have passed.
  func passed()
}

/// Runs a sweep's trials, as many at a time as there are jobs. What a sweep comes to doesn't depend on that number, nor on
/// interruptions: trials have no part in each other, and who is in a rung is decided when the one before is over.
package final class SweepRunner {
  package enum FailurePolicy: String, CaseIterable, Sendable {
    case `continue`, stop
  }

  package enum Outcome: Sendable {
    case finished
    /// On request; every trial that ran has a checkpoint to go on from.
    case interrupted
  }

  package private(set) var record: SweepRecord
  package let directory: OpenDirectory
  private let lock: DirectoryLock
  private var journal: LineJournal
  private var sources: SourceFiles
  private let shares: ProcessorShares
  private let onFailure: FailurePolicy
  private let reporter: any SweepReporter

  /// Takes over a sweep's directory for as long as the object lives.
  ///
  /// - Parameter notice: gets a line if to lock it takes a minute.
  package init(
    directory path: String, shares: ProcessorShares, onFailure: FailurePolicy, reporter: any SweepReporter,
    notice: (String) -> Void = { _ in }
  ) throws {
    record = try SweepRecord(of: path)
    directory = try OpenDirectory(path)
    lock = try DirectoryLock(directory, notice: notice)
    try directory.removeLeftovers()
    journal = try LineJournal(SweepDirectory.journalName, in: directory)
    // Read again under the lock: another process may have been at work until now.
    record = try SweepRecord(of: path)
    sources = record.sources
    self.shares = shares
    self.onFailure = onFailure
    self.reporter = reporter
  }

  /// Runs what is left of the sweep, until `stop` says so.
  package func run(until stop: RunRequests) throws -> Outcome {
    for rung in record.plan.rungs.indices {
      guard let waiting = record.waiting(inRung: rung) else { break }
      reporter.begin(rung, of: record.plan, remaining: waiting.count)
      try run(waiting, rung: rung, until: stop)
      if stop.isStopRequested { return .interrupted }
      let left = record.waiting(inRung: rung)?.count ?? 0
      guard left == 0 else { throw SweepError.unfinished(left, directory: record.directory) }
    }
    let rows = try record.rows
    if let failure = rows.first?.failure, rows.allSatisfy({ $0.state == .failed }) {
      throw SweepError.allFailed(directory: record.directory, reason: failure)
    }
    return .finished
  }

  /// Runs the trials of a rung. The first thing that keeps the sweep from going on lets those that run save and stop.
  private func run(_ trials: [Trial], rung: Int, until stop: RunRequests) throws {
    let shares = shares.shares(ofTrials: trials.count)
    var free = Array(shares.indices)
    var queue = trials[...]
    var running: [TrialProcess] = []
    var obstacle: (any Error)?
    while true {
      do {
        while obstacle == nil, !stop.isStopRequested, let share = free.first, let trial = queue.popFirst() {
          running.append(try start(trial, rung: rung, share: share, on: shares[share]))
          free.removeFirst()
          reporter.started(trial)
        }
      } catch {
        obstacle = error
      }
      if running.isEmpty { break }
      // A request to stop and our own reasons come to the children in the same way.
      if obstacle != nil || stop.isStopRequested { running.forEach { $0.requestStop() } }
      Self.wait(for: running)
      for process in running {
        guard let end = process.end() else { continue }
        running.removeAll { $0 === process }
        free.append(process.share)
        do {
          try take(end, of: process.trial, rung: rung)
        } catch {
          obstacle = obstacle ?? error
        }
      }
      reporter.passed()
    }
    if let obstacle { throw obstacle }
  }

  private func start(_ trial: Trial, rung: Int, share: Int, on processors: [Int]) throws -> TrialProcess {
    try lock.check()
    try SweepDirectory.provide(trial, of: record.plan, in: directory)
    let run = SweepDirectory.runPath(record.directory, trial)
    try sources.require(
      RunConfiguration.load(path: RunDirectory.configurationPath(run), checkFiles: false))
    return try TrialProcess(
      trial, run: run, share: share, processors: processors,
      epochs: record.plan.rungs[rung].epochs)
  }

  /// Waits until some process has said something, or a moment has passed; none of them is kept waiting.
  private static func wait(for processes: [TrialProcess]) {
    var descriptors = processes.map { pollfd(fd: $0.errors, events: Int16(POLLIN), revents: 0) }
    poll(&descriptors, nfds_t(descriptors.count), 50)
    processes.forEach { $0.readErrors() }
    // Those that have closed the pipe would be ready again at once, and end in a moment.
    if descriptors.contains(where: { $0.revents & Int16(POLLHUP) != 0 }) { usleep(5000) }
  }

  /// Writes down how a trial's process ended, if that is the trial's end in this rung.
  private func take(_ end: TrialProcess.End, of trial: Trial, rung: Int) throws {
    let run = SweepDirectory.runPath(record.directory, trial)
    let metric = record.plan.configuration.metric
    switch end {
    case .interrupted: break
    case .failed(let reason, let code) where Self.obstacles.contains(code):
      // Not the trial's fault: it goes on when there is space, or memory, again.
      throw SweepError.obstructed(trial: trial.id, reason: reason, code: code)
    case .failed(let reason, let code):
      let epochs = try RunMetrics(ofRunAt: run).done(within: nil)
      try write(TrialEnd(trial: trial.number, rung: rung, epochs: epochs, value: nil, failure: reason))
      if onFailure == .stop {
        throw SweepError.stoppedByFailure(trial: trial.id, reason: reason, directory: record.directory, code: code)
      }
    case .finished:
      let metrics = try RunMetrics(ofRunAt: run)
      let limit = record.plan.rungs[rung].epochs
      let value = metrics.best(metric, within: limit)
      try write(
        TrialEnd(
          trial: trial.number, rung: rung, epochs: metrics.done(within: limit), value: value,
          failure: value == nil ? "its metrics have no \(metric.name)" : nil))
    }
    if let row = try record.rows.first(where: { $0.trial.id == trial.id }) { reporter.ended(row) }
  }

  /// How processes end for what is around them.
  private static let obstacles: Set<ExitCode> = [.cannotWrite, .inputOutput, .noResources]

  private func write(_ end: TrialEnd) throws {
    try lock.check()
    try journal.append(try Journal.line(end))
    record.record(end)
  }
}
