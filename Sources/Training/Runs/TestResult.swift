import Configuration
import Files

extension RunDirectory {
  /// Puts what a finished run's model comes to on the test split at the end of `metrics.jsonl`, in place of an earlier
  /// result.
  ///
  /// - Parameters:
  ///   - state: where the run has ended.
  ///   - step: that of the checkpoint which was measured.
  package func record(
    _ evaluation: any Evaluation, at state: TrainingState, ofCheckpointAt step: Int
  ) throws(FileError) {
    let log = try MetricsLog(in: self, resumingAt: state.step)
    let fields: [(String, MetricValue)] = [
      ("epoch", .whole(state.epoch)), ("kind", .word(RunMetrics.Kind.test.rawValue)), ("checkpoint_step", .whole(step)),
      (Measure.validationLoss.field(on: .test), .number(evaluation.natsPerTarget)),
    ]
    try log.write(step: state.step, fields + evaluation.metrics(on: .test).map { ($0.field, .number($0.value)) })
    _ = try log.makeDurable()
  }
}
