import Configuration
import ConfigurationFiles
import Presentation
import Sweeps
import Training

/// A sweep as it lies in its directory, which may be going on meanwhile.
struct ReportedSweep {
  let record: SweepRecord
  let rows: [SweepRecord.Row]
  let best: SweepRecord.Row?
  /// What parameters are called, in their order.
  let names: [String]
  /// By the number of the trial; nil for one that hasn't begun.
  let histories: [RunHistory]
  let metrics: [RunMetrics]

  var metric: SweepConfiguration.Metric { record.plan.configuration.metric }

  init(_ record: SweepRecord) throws {
    self.record = record
    rows = try record.rows
    best = try record.best
    let configuration = record.plan.configuration
    names = SweepColumns.names(ofKeys: configuration.parameters.map(\.key), metric: configuration.metric.name)
    let directories = rows.map { SweepDirectory.runPath(record.directory, $0.trial) }
    metrics = try directories.map { try RunMetrics(ofRunAt: $0) }
    histories = try zip(directories, metrics).map { try RunHistory(ofRunAt: $0, $1) }
  }

  func isBest(_ row: SweepRecord.Row) -> Bool { row.trial.id == best?.trial.id }

  /// What a trial took: seconds, and seconds times threads where the run says how many there were.
  func cost(of row: SweepRecord.Row) -> (seconds: Double, threadSeconds: Double?)? {
    let history = histories[row.trial.number]
    return history.duration.map { ($0, history.threadSeconds) }
  }

  /// A trial in a line: `003-1a2b3c4d: 2.2989; hidden=200, learning_rate=0.01`.
  func note(on row: SweepRecord.Row) -> String {
    let settings = zip(names, row.trial.assignments).map { "\($0)=\($1.value)" }.joined(separator: ", ")
    return "\(row.trial.id): \(row.value.map(Format.loss) ?? ""); \(settings)"
  }
}
