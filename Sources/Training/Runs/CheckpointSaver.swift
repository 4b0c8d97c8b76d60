import Files

/// Saves a run's checkpoints, and bears it when one can't be written: training goes on with everything in memory, and the
/// next checkpoint is the next try.
final class CheckpointSaver {
  private let directory: RunDirectory
  private let log: RunLog
  private let reporter: any TrainingReporter
  /// The best checkpoint, for as long as it isn't written: the parameters that later ones hold are other ones.
  private var unsavedBest: Checkpoint?
  /// Why the newest checkpoint isn't on the disk; nil if it is.
  private(set) var failure: CheckpointFailure?

  init(directory: RunDirectory, log: RunLog, reporter: any TrainingReporter) {
    self.directory = directory
    self.log = log
    self.reporter = reporter
  }

  /// Gives up what couldn't be written, since the run goes back to before it.
  func rewind() { unsavedBest = nil }

  /// Writes the metrics that belong to a checkpoint, then the checkpoint; whether it could is `failure` afterwards.
  func save(_ checkpoint: Checkpoint, isBest: Bool) throws {
    do {
      try log.makeDurable()
      if let best = unsavedBest, !isBest { _ = try directory.save(best, isBest: true) }
      let path = try directory.save(checkpoint, isBest: isBest)
      unsavedBest = nil
      failure = nil
      return reporter.saved(path, step: checkpoint.state.step)
    } catch let error as FileError {
      failure = CheckpointFailure(error, directory: directory.path)
    } catch let error as CheckpointFailure {
      failure = error
    }
    if isBest { unsavedBest = checkpoint.copy }
    if let failure { reporter.unsaved(failure) }
  }
}
