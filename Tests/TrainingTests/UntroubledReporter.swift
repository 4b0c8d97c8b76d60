import Configuration
import Files
import Testing
import Training

/// Hears of a run that is to have no trouble: what it is told of one is a failure of the test, and what else it is told of
/// it doesn't care for. Who expects something says so.
protocol UntroubledReporter: TrainingReporter {}

extension UntroubledReporter {
  func begin(_ summary: RunSummary, state: TrainingState) {}
  func epoch(_ state: TrainingState, trainLoss: Double, validation: (any Evaluation)?, isBest: Bool) {}
  func saved(_ path: String, step: Int) {}
  func unsaved(_ failure: CheckpointFailure) { Issue.record("\(failure)") }
  func unwrittenEvents(_ failure: FileError) { Issue.record("\(failure)") }
  func notice(_ text: String) { Issue.record("\(text)") }
  func rolledBack(after divergence: Divergence, to state: TrainingState) { Issue.record("\(divergence)") }
}
