import Plots
import Presentation
import Sweeps

/// The columns of a sweep's table, whose widths are known before any trial has run, so that the table can grow line by
/// line.
struct SweepColumns: Sendable {
  private let titles: [String]
  private let widths: [Int]
  private let isNumeric: [Bool]
  private let valueLimit: Int

  /// Of a value a table on a terminal shows so many characters at most.
  private static let longestValue = 20

  /// - Parameters:
  ///   - keys: of the parameters, in dotted notation.
  ///   - values: of every trial.
  ///   - stream: where the table is shown; files get values as they are.
  init(metric: String, keys: [String], values: [[String]], ids: [String], on stream: StandardStream) {
    let limit = stream.isTerminal ? Self.longestValue : .max
    valueLimit = limit
    titles = Self.own(metric) + Self.names(ofKeys: keys, metric: metric)
    let longest = keys.indices.map { column in values.map { min($0[column].count, limit) }.max() ?? 0 }
    widths = zip(titles, [ids.map(\.count).max() ?? 0, Self.stateWidth, 0, 8] + longest).map { max($0.count, $1) }
    isNumeric =
      [false, false, true, true] + keys.indices.map { column in values.allSatisfy { Double($0[column]) != nil } }
  }

  private static let ownColumns = own("").count
  private static func own(_ metric: String) -> [String] { ["trial", "state", "epochs", metric] }

  /// What parameters are called wherever a sweep is shown: by the last part of the key where it can't be mistaken.
  static func names(ofKeys keys: [String], metric: String) -> [String] {
    func name(_ key: String) -> String { key.split(separator: ".").last.map(String.init) ?? key }
    let all = own(metric) + keys.map(name)
    return keys.map { key in all.count { $0 == name(key) } == 1 ? name(key) : key }
  }

  /// The longest state, `unfinished`.
  private static let stateWidth = 10

  /// The titles, underlined as in the program's other tables.
  var heading: String {
    line(titles) + "\n" + widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
  }

  func line(_ row: SweepRecord.Row, values: [String], mark: String = "") -> String {
    line(
      [row.trial.id, row.state.rawValue, "\(row.epochs)", row.value.map(Format.loss) ?? ""] + values
        + (mark.isEmpty ? [] : [mark]))
  }

  /// Cells below their titles; one more than there are titles goes to the end.
  func line(_ cells: [String]) -> String {
    let padded = cells.enumerated().map { column, cell in
      guard column < widths.count else { return cell }
      let cell = column < Self.ownColumns ? cell : cell.shortened(to: valueLimit)
      let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
      return isNumeric[column] ? padding + cell : cell + padding
    }
    let line = padded.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}
