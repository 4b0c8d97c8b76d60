import Configuration
import Files
import Foundation

/// What a run writes down as it goes: lines of `metrics.jsonl`, and the same for TensorBoard where that is asked for.
final class RunLog {
  private let metrics: MetricsLog
  private let events: RunEvents?

  /// - Parameters:
  ///   - step: where the run goes on; what was written of later steps is dropped.
  ///   - report: gets what can't be written for TensorBoard.
  init(
    _ directory: RunDirectory, tensorboard: Bool, resumingAt step: Int, report: @escaping (FileError) -> Void
  ) throws(FileError) {
    metrics = try MetricsLog(in: directory, resumingAt: step)
    events = tensorboard ? RunEvents(directory: directory.directory, resumingAt: step, report: report) : nil
  }

  /// A line within an epoch.
  ///
  /// - Parameter rate: targets in a second.
  func trained(_ state: TrainingState, _ result: TrainingStep.Result, learningRate: Double, rate: Int)
    throws(FileError)
  {
    try metrics.write(
      step: state.step,
      [
        ("epoch", .whole(state.epoch + 1)), ("kind", .word("train")), ("loss", .number(state.recentLoss.mean)),
        ("gradient_norm", .number(result.gradientNorm)), ("learning_rate", .number(learningRate)),
        ("seconds", .number(Date().timeIntervalSince1970)), ("tokens_per_second", .whole(rate)),
      ])
    events?.trained(
      step: state.step, loss: state.recentLoss.mean, gradientNorm: result.gradientNorm, learningRate: learningRate)
  }

  /// The line of an epoch that is done.
  ///
  /// - Parameter sample: what the model makes of its task; asked for only where somebody looks at it.
  func finishedEpoch(
    _ state: TrainingState, trainLoss: Double, validation: (any Evaluation)?, sample: () -> String?
  ) throws(FileError) {
    var fields: [(String, MetricValue)] = [
      ("epoch", .whole(state.epoch)), ("kind", .word("epoch")), (Measure.trainLoss.field, .number(trainLoss)),
    ]
    if let validation {
      fields.append((Measure.validationLoss.field, .number(validation.natsPerTarget)))
      fields += validation.metrics(on: .validation).map { ($0.field, .number($0.value)) }
    }
    fields.append(("seconds", .number(Date().timeIntervalSince1970)))
    try metrics.write(step: state.step, fields)
    events?.finishedEpoch(step: state.step, validation: validation, sample: sample())
  }

  /// Waits until the disk has everything, before the checkpoint that a resumed run would not write it again after.
  ///
  /// - Returns: whether `metrics.jsonl` was gone, and was written again.
  func makeDurable() throws(FileError) -> Bool {
    let wasGone = try metrics.makeDurable()
    events?.makeDurable()
    return wasGone
  }

  /// Drops what was written of all steps after one.
  func rewind(to step: Int) throws(FileError) {
    try metrics.rewind(to: step)
    events?.rewind(to: step)
  }
}
