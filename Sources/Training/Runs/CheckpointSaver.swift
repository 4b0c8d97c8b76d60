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
  /// Where people know the directory to be.
  private var whereabouts = OpenDirectory.Whereabouts.atItsPath

  init(directory: RunDirectory, log: RunLog, reporter: any TrainingReporter) {
    self.directory = directory
    self.log = log
    self.reporter = reporter
  }

  /// Gives up what couldn't be written, since the run goes back to before it.
  func rewind() { unsavedBest = nil }

  /// Writes the metrics that belong to a checkpoint, then the checkpoint; whether it could is `failure` afterwards.
  ///
  /// - Throws: `FileError.lockLost`: nothing may be written any more.
  func save(_ checkpoint: Checkpoint) throws {
    do {
      try directory.lock.check()
      if try log.makeDurable() { reporter.notice("metrics.jsonl was gone, and was written again") }
      if let best = unsavedBest, !checkpoint.state.isBest { _ = try directory.save(best) }
      let path = try directory.save(checkpoint)
      unsavedBest = nil
      failure = nil
      tellOfMoves()
      return reporter.saved(path, step: checkpoint.state.step)
    } catch let error as FileError {
      if case .lockLost = error { throw error }
      failure = CheckpointFailure(error, directory: directory.path)
    } catch let error as CheckpointFailure {
      failure = error
    }
    // What has become of the directory says more than what could be no longer done in it.
    do throws(FileError) {
      try directory.lock.check()
    } catch {
      if case .lockLost = error { throw error }
      failure = CheckpointFailure(error, directory: directory.path)
    }
    if checkpoint.state.isBest { unsavedBest = try checkpoint.copy() }
    if let failure { reporter.unsaved(failure) }
  }

  private func tellOfMoves() {
    let now = directory.directory.whereabouts
    defer { whereabouts = now }
    guard now != whereabouts, case .moved = now else { return }
    reporter.notice("\(directory.path) was moved; the run goes on writing to it, which is now \(directory.currentPath)")
  }
}
