import Configuration
import Diagnostics
import Presentation
import Training

/// Keeps `sessions.jsonl` of a process that trains a run. What can't be written is said, and changes nothing else.
final class SessionRecord {
  private let directory: RunDirectory
  private let console: Console
  /// How the training has ended.
  var outcome = RunSession.Outcome.failed

  init(
    of run: PreparedRun, in directory: RunDirectory, beginningAt step: Int, threads: Int, ranks: Int, _ console: Console
  ) {
    self.directory = directory
    self.console = console
    let beginning = RunSession.Beginning(
      step: step, threads: threads, ranks: ranks, isa: run.kernels.name, version: Version.name, dataset: run.dataset,
      changes: run.changes.map(RunSession.Change.init))
    write { try directory.record(beginning) }
  }

  func end(at state: TrainingState) {
    write { try directory.record(RunSession.End(step: state.step, outcome: outcome)) }
  }

  private func write(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      console.warn("the run's sessions aren't written down: \(error)")
    }
  }
}

extension RunSession.Outcome {
  init(_ outcome: Trainer.Outcome) {
    switch outcome {
    case .allEpochs: self = .finished
    case .stoppedEarly: self = .stoppedEarly
    case .interrupted: self = .interrupted
    }
  }
}
