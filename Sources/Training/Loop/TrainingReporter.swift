import Configuration
import Files

/// What a run is about, for whoever watches it.
package struct RunSummary: Sendable {
  package let task: any Task
  package let parameters: Int
  package let vocabulary: Int
  /// What each of the model's output layers tells apart.
  package let classes: [Int]
  /// The loss of guessing: each class as likely as any other.
  package let guessingLoss: Double
  package let trainTokens: Int
  package let epochs: Int
  package let stepsPerEpoch: Int
  package let targetsPerEpoch: Int
  /// That of the first step that this process makes, as a share of the configured one: what the schedule has left of it.
  package let learningRateShare: Double
  /// Of a new run whose embeddings begin with word vectors.
  package let vectors: VectorCoverage?
  /// Of a new run that begins with another one's parameters.
  package let takeover: Takeover.Summary?
  /// Whether losses of training are over a sample of the vocabulary: no measure of the model.
  package let samplesLoss: Bool
}

/// Hears of a run's progress. It only looks: nothing it does can change the run.
package protocol TrainingReporter: AnyObject {
  func begin(_ summary: RunSummary, state: TrainingState)
  /// After every step; `targets` were trained in it.
  func step(_ state: TrainingState, targets: Int)
  /// After an epoch and its validation; `state.epoch` counts it already.
  func epoch(_ state: TrainingState, trainLoss: Double, validation: (any Evaluation)?, isBest: Bool)
  func saved(_ path: String, step: Int)
  /// A checkpoint that couldn't be written; training goes on.
  func unsaved(_ failure: CheckpointFailure)
  /// Events for TensorBoard that couldn't be written; training goes on.
  func unwrittenEvents(_ failure: FileError)
  /// Something that people want to know, and that the run itself has dealt with.
  func notice(_ text: String)
  /// The run went back to an earlier checkpoint; `state` is that one's, with a lower learning rate.
  func rolledBack(after divergence: Divergence, to state: TrainingState)
}
