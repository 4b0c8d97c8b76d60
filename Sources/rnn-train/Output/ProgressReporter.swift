import Configuration
import Files
import Foundation
import Presentation
import Training

/// Shows a run's progress: on a terminal a line that is updated, elsewhere a line now and then; after each epoch a line
/// with its result.
final class ProgressReporter: TrainingReporter {
  private let console: Console
  private let announcement: (RunSummary, TrainingState) -> String
  private let clock = ContinuousClock()

  private var summary: RunSummary?
  /// Where the process began to train, and where it began to train in this epoch.
  private var begun = Mark()
  private var epochBegun = Mark()
  private var stepped: ContinuousClock.Instant
  private var shown: ContinuousClock.Instant
  /// Targets trained by this process.
  private(set) var targets = 0
  /// Those of them since the last rollback, with which an engine of its own begins.
  private(set) var engineTargets = 0
  private(set) var lastState = TrainingState()
  /// Epochs in a row, the last one included, whose loss was above that of guessing.
  private var epochsOfGuessing = 0
  private static let guessingLimit = 2
  /// The step of the newest checkpoint.
  private(set) var savedStep = 0

  /// Called after each epoch, before its checkpoint.
  var afterEpoch: (TrainingState) -> Void = { _ in }

  private static let updateInterval = Duration.milliseconds(100)
  private static let lineInterval = Duration.seconds(10)

  /// - Parameter announcement: what to say at the beginning.
  init(console: Console, announcement: @escaping (RunSummary, TrainingState) -> String) {
    self.console = console
    self.announcement = announcement
    stepped = clock.now
    shown = stepped
  }

  /// A moment, and the counters that a rate since then needs.
  private struct Mark {
    var time = ContinuousClock.now
    var targets = 0
    var step = 0
  }

  private func mark(_ state: TrainingState) -> Mark { Mark(time: clock.now, targets: targets, step: state.step) }

  /// How fast the steps of this epoch are, without validation.
  private var epochRate: String { Format.rate(targets - epochBegun.targets, in: stepped - epochBegun.time) }

  /// Targets of all epochs that are done, those before a resumption included.
  var targetsOfWholeEpochs: Int { lastState.epoch * (summary?.targetsPerEpoch ?? 0) }

  /// How long this process has trained, validation and checkpoints included.
  var elapsed: Duration { clock.now - begun.time }

  func begin(_ summary: RunSummary, state: TrainingState) {
    self.summary = summary
    console.say(announcement(summary, state))
    lastState = state
    savedStep = state.step
    begun = mark(state)
    epochBegun = begun
  }

  func step(_ state: TrainingState, targets: Int) {
    self.targets += targets
    engineTargets += targets
    lastState = state
    stepped = clock.now
    guard let summary else { return }
    let isEpochEnd = state.minibatch == summary.stepsPerEpoch
    if console.hasStatus {
      guard isEpochEnd || stepped - shown > Self.updateInterval else { return }
      console.update { width in progress(state, summary).text(width: width) }
    } else {
      guard !isEpochEnd, stepped - shown > Self.lineInterval else { return }
      let line = progress(state, summary)
      console.say(
        ([line.head, Format.percent(state.minibatch, of: summary.stepsPerEpoch)] + line.details).joined(separator: "  ")
      )
    }
    shown = stepped
  }

  private func progress(_ state: TrainingState, _ summary: RunSummary) -> ProgressLine {
    let loss = state.epochLoss.mean
    let perStep = elapsed / Double(max(state.step - begun.step, 1))
    // A loss over a sample is no measure of the model.
    let figures = summary.samplesLoss ? [] : [summary.task.figure(ofTrainingLoss: loss)].compactMap(\.self)
    func left(_ name: String, _ steps: Int) -> String {
      "\(name) \(Format.duration(perStep * Double(steps))) left"
    }
    let isLastEpoch = state.epoch + 1 >= summary.epochs
    return ProgressLine(
      head: "epoch \(state.epoch + 1)/\(summary.epochs)",
      fraction: Double(state.minibatch) / Double(summary.stepsPerEpoch),
      details: [
        "\(summary.samplesLoss ? "sampled " : "")loss \(Format.loss(loss))",
        left("run", summary.epochs * summary.stepsPerEpoch - state.step),
      ] + (isLastEpoch ? [] : [left("epoch", summary.stepsPerEpoch - state.minibatch)]) + [epochRate]
        + figures.map { "\($0)" }
        + ["step \(Format.count(state.step))"])
  }

  func epoch(_ state: TrainingState, trainLoss: Double, validation: (any Evaluation)?, isBest: Bool) {
    lastState = state
    let epochs = summary?.epochs ?? state.epoch
    let number = String(state.epoch)
    let padding = String(repeating: " ", count: max(0, String(epochs).count - number.count))
    let sampled = summary?.samplesLoss == true ? "sampled " : ""
    func line(_ word: String, rate: Bool) -> String {
      var fields = ["epoch \(padding)\(number)/\(epochs)", "\(sampled)train \(word)\(Format.loss(trainLoss))"]
      if let validation {
        fields += ["validation \(word)\(Format.loss(validation.natsPerTarget))", "\(validation.headline)"]
      }
      return (fields + (rate ? [epochRate] : []) + (isBest ? ["best"] : [])).joined(separator: "  ")
    }
    console.say(line("loss ", rate: true), shorter: [line("", rate: true), line("", rate: false)])
    shown = clock.now
    warnOfGuessing(trainLoss)
    afterEpoch(state)
  }

  func saved(_ path: String, step: Int) {
    savedStep = step
    // An epoch ends with a checkpoint, whose time isn't the next one's.
    if lastState.minibatch == 0 { epochBegun = mark(lastState) }
  }

  func unsaved(_ failure: CheckpointFailure) {
    console.warn("\(failure); the last checkpoint is still that of step \(Format.count(savedStep))")
  }

  func unwrittenEvents(_ failure: FileError) { console.warn("no events for TensorBoard: \(failure)") }

  func notice(_ text: String) { console.warn(text) }

  func rolledBack(after divergence: Divergence, to state: TrainingState) {
    console.warn(
      "\(divergence.summary); going on from step \(Format.count(state.step)) with half the learning rate "
        + "(rollback \(state.rollbacks))")
    lastState = state
    engineTargets = 0
    epochBegun = mark(state)
  }

  /// A model that is worse than guessing in epoch after epoch isn't learning.
  private func warnOfGuessing(_ trainLoss: Double) {
    guard let summary, !summary.samplesLoss else { return }
    epochsOfGuessing = trainLoss > summary.guessingLoss ? epochsOfGuessing + 1 : 0
    guard epochsOfGuessing == Self.guessingLimit else { return }
    console.warn(
      "\(epochsOfGuessing) epochs with a loss above that of guessing, \(Format.loss(summary.guessingLoss)): lower the learning rate"
    )
  }
}
