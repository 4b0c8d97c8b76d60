import Configuration
import ConfigurationFiles
import Presentation
import Sweeps

/// A sweep's trials as a table: for people, as comma-separated values, and as an object for programs.
struct SweepTable: CustomStringConvertible {
  private var rows: [SweepRecord.Row]
  private let best: String?
  private let metric: SweepConfiguration.Metric
  /// Indices of the parameters that are shown, and their keys.
  private let parameters: [(index: Int, key: String)]

  /// - Parameter onlyChanged: whether parameters that are the same in all trials are left out.
  init(_ record: SweepRecord, onlyChanged: Bool = false) throws {
    let rows = try record.rows
    self.rows = rows
    best = try record.best?.trial.id
    metric = record.plan.configuration.metric
    parameters = record.plan.configuration.parameters.enumerated()
      .filter { index, _ in !onlyChanged || Set(rows.map { $0.trial.assignments[index].value }).count > 1 }
      .map { ($0, $1.key) }
  }

  /// What can be sorted by.
  var columns: [String] { ["trial", "state", "epochs", metric.name] + parameters.map(\.key) }

  /// Orders the rows by a column; a parameter may go by the last part of its key. Rows without a value come last.
  ///
  /// - Returns: whether there is such a column.
  mutating func sort(by column: String) -> Bool {
    switch column {
    case "trial": rows.sort { $0.trial.number < $1.trial.number }
    case "state": sort { .text($0.state.rawValue) }
    case "epochs": sort { .number(Double($0.epochs)) }
    case metric.name:
      let sign = metric.goal == .minimize ? 1.0 : -1
      sort { row in row.value.map { .number(sign * $0) } }
    default:
      guard let index = parameters.first(where: { $0.key == column || $0.key.hasSuffix(".\(column)") })?.index else {
        return false
      }
      sort { row in
        let text = row.trial.assignments[index].value
        return Double(text).map(SortKey.number) ?? .text(text)
      }
    }
    return true
  }

  /// Numbers come before texts.
  private enum SortKey: Comparable {
    case number(Double)
    case text(String)
  }

  private mutating func sort(_ key: (SweepRecord.Row) -> SortKey?) {
    rows.sort { a, b in
      switch (key(a), key(b)) {
      case (let x?, let y?) where x != y: x < y
      case (nil, _?): false
      case (_?, nil): true
      default: a.trial.number < b.trial.number
      }
    }
  }

  // MARK: for people

  var description: String {
    let columns = SweepColumns(
      metric: metric.name, keys: parameters.map(\.key),
      values: rows.map { row in parameters.map { row.trial.assignments[$0.index].value } }, ids: rows.map(\.trial.id),
      on: .output)
    let lines = rows.map { row in
      columns.line(
        row, values: parameters.map { row.trial.assignments[$0.index].value }, mark: row.trial.id == best ? "best" : "")
    }
    let failures = rows.compactMap { row in row.failure.map { "\(row.trial.id) failed: \($0)" } }
    return ([columns.heading] + lines + (failures.isEmpty ? [] : [""]) + failures).joined(separator: "\n")
  }

  // MARK: for programs

  /// A heading and a line for each trial.
  var csv: String {
    let heading = ["trial", "state", "epochs", metric.name, "failure"] + parameters.map(\.key)
    let lines = rows.map { row in
      [row.trial.id, row.state.rawValue, "\(row.epochs)", row.value.map { "\($0)" } ?? "", row.failure ?? ""]
        + parameters.map { row.trial.assignments[$0.index].value }
    }
    return CSV.text(heading, lines)
  }

  struct Report: Encodable {
    let metric: String
    let goal: String
    /// The id of the best trial; nil if none has a value.
    let best: String?
    let trials: [Line]

    struct Line: Encodable {
      let trial: String
      let state: String
      let epochs: Int
      @NumberOrNull var value: Double
      let failure: String?
      /// Values by key, as they are written in a configuration.
      let parameters: [String: String]
    }
  }

  var report: Report {
    Report(
      metric: metric.name, goal: metric.goal.rawValue, best: best,
      trials: rows.map { row in
        Report.Line(
          trial: row.trial.id, state: row.state.rawValue, epochs: row.epochs,
          value: row.value ?? .nan, failure: row.failure,
          parameters: Dictionary(
            uniqueKeysWithValues: parameters.map { ($0.key, row.trial.assignments[$0.index].value) }))
      })
  }
}
