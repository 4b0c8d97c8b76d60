import Configuration
import Diagnostics
import Files
import Training

/// Hears of a sweep's progress. It only looks: nothing it does can change the sweep.
package protocol SweepReporter: AnyObject {
  /// - Parameter remaining: trials of the rung that aren't over.
  func begin(_ rung: Int, of plan: SweepPlan, remaining: Int)
  func started(_ trial: Trial)
  /// A trial's process has ended; `row` says what the trial has come to.
  func ended(_ row: SweepRecord.Row)
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
  private let lock: DirectoryLock
  private var journal: LineJournal
  private let executable: String
  private let shares: ProcessorShares
  private let onFailure: FailurePolicy
  private let reporter: any SweepReporter

  /// Takes over a sweep's directory for as long as the object lives.
  package init(
    directory: String, executable: String, shares: ProcessorShares, onFailure: FailurePolicy,
    reporter: any SweepReporter
  ) throws {
    record = try SweepRecord(of: directory)
    lock = try DirectoryLock(directory: directory)
    try Directory.removeLeftovers(in: directory)
    journal = try LineJournal(SweepDirectory.journalPath(directory))
    // Read again under the lock: another process may have been at work until now.
    record = try SweepRecord(of: directory)
    self.executable = executable
    self.shares = shares
    self.onFailure = onFailure
    self.reporter = reporter
  }

  /// Runs what is left of the sweep, until `stop` says so.
  package func run(until stop: RunRequests) async throws -> Outcome {
    for rung in record.plan.rungs.indices {
      guard let waiting = record.waiting(inRung: rung) else { break }
      reporter.begin(rung, of: record.plan, remaining: waiting.count)
      try await run(waiting, rung: rung, until: stop)
      if stop.isStopRequested { return .interrupted }
      let left = record.waiting(inRung: rung)?.count ?? 0
      guard left == 0 else { throw SweepError.unfinished(left, directory: record.directory) }
    }
    let rows = record.rows
    if let failure = rows.first?.failure, rows.allSatisfy({ $0.state == .failed }) {
      throw SweepError.allFailed(directory: record.directory, reason: failure)
    }
    return .finished
  }

  /// Runs the trials of a rung. The first thing that keeps the sweep from going on lets those that run save and stop.
  private func run(_ trials: [Trial], rung: Int, until stop: RunRequests) async throws {
    let shares = shares.shares(ofTrials: trials.count)
    let halt = RunRequests()
    var obstacle: (any Error)?
    await withTaskGroup(of: (share: Int, trial: Trial, end: Result<TrialProcess.End, any Error>).self) { group in
      var free = Array(shares.indices)
      var queue = trials[...]
      // A request to stop and our own reasons come to the children in the same way.
      let relay = _Concurrency.Task {
        while !stop.isStopRequested && !_Concurrency.Task.isCancelled {
          try? await _Concurrency.Task.sleep(for: .milliseconds(20))
        }
        if stop.isStopRequested { halt.requestStop() }
      }
      while true {
        while !halt.isStopRequested, !stop.isStopRequested, let share = free.first, let trial = queue.popFirst() {
          free.removeFirst()
          reporter.started(trial)
          let process = TrialProcess(
            executable: executable, run: SweepDirectory.runPath(record.directory, trial), processors: shares[share],
            epochs: record.plan.rungs[rung].epochs)
          group.addTask { (share, trial, await process.result(stop: halt)) }
        }
        guard let (share, trial, end) = await group.next() else { break }
        free.append(share)
        do {
          try take(end.get(), of: trial, rung: rung)
        } catch {
          obstacle = obstacle ?? error
          halt.requestStop()
        }
      }
      relay.cancel()
    }
    if let obstacle { throw obstacle }
  }

  /// Writes down how a trial's process ended, if that is the trial's end in this rung.
  private func take(_ end: TrialProcess.End, of trial: Trial, rung: Int) throws {
    let run = SweepDirectory.runPath(record.directory, trial)
    let metric = record.plan.configuration.metric
    switch end {
    case .interrupted: break
    case .failed(let reason, let code) where code == .cannotWrite || code == .inputOutput:
      // Not the trial's fault: it goes on when there is space again.
      throw SweepError.obstructed(trial: trial.id, reason: reason, code: code)
    case .failed(let reason, let code):
      let epochs = RunMetrics(ofRunAt: run).done(within: nil)
      try write(TrialEnd(trial: trial.number, rung: rung, epochs: epochs, value: nil, failure: reason))
      if onFailure == .stop {
        throw SweepError.stoppedByFailure(trial: trial.id, reason: reason, directory: record.directory, code: code)
      }
    case .finished:
      let metrics = RunMetrics(ofRunAt: run)
      let limit = record.plan.rungs[rung].epochs
      let value = metrics.best(metric, within: limit)
      try write(
        TrialEnd(
          trial: trial.number, rung: rung, epochs: metrics.done(within: limit), value: value,
          failure: value == nil ? "its metrics have no \(metric.name)" : nil))
    }
    if let row = record.rows.first(where: { $0.trial.id == trial.id }) { reporter.ended(row) }
  }

  private func write(_ end: TrialEnd) throws {
    try journal.append(try Journal.line(end))
    record.record(end)
  }
}

extension TrialProcess {
  fileprivate func result(stop: RunRequests) async -> Result<End, any Error> {
    do {
      return .success(try await end(stop: stop))
    } catch {
      return .failure(error)
    }
  }
}
