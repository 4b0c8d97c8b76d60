import Configuration
import ConfigurationFiles
import Files
import Foundation
import Glibc
import Presentation
import Sweeps

/// A sweep as a page. It is read as it lies there, and may be going on meanwhile.
struct SweepReport {
  struct Column {
    let title: String
    let isNumeric: Bool
  }

  struct Row {
    let isBest: Bool
    let cells: [Cell]
  }

  struct Cell {
    let text: String
    let isText: Bool
    /// What it is sorted by, if that isn't the text.
    let key: String?

    init(_ text: String, isText: Bool = false, key: String? = nil) {
      self.text = text
      self.isText = isText
      self.key = key
    }
  }

  struct Best {
    let id: String
    let commands: String
    let configuration: String
  }

  let title: String
  let lead: String
  let facts: [Fact]
  let columns: [Column]
  let rows: [Row]
  let failures: [String]
  let figures: [Figure]
  let best: Best?
  let configuration: String

  init(_ record: SweepRecord) throws {
    let (rows, best) = (try record.rows, try record.best)
    let sweep = record.plan.configuration
    title = RunReport.name(of: record.directory)
    let count = sweep.parameters.count == 1 ? "one parameter" : "\(sweep.parameters.count) parameters"
    lead =
      "Sweep · \(sweep.method.name) · \(Format.count(rows.count, "trial")) of \(count) · "
      + "\(sweep.metric.goal == .minimize ? "the lowest" : "the highest") \(sweep.metric.name) is best"
    facts = Self.facts(rows, best: best, metric: sweep.metric.name)

    let isNumeric = sweep.parameters.indices.map { index in
      rows.allSatisfy { Double($0.trial.assignments[index].value) != nil }
    }
    columns =
      [("trial", false), ("state", false), ("epochs", true), (sweep.metric.name, true)].map(Column.init)
      + zip(sweep.parameters.map(\.key), isNumeric).map(Column.init)
    self.rows = rows.map { row in
      Row(
        isBest: row.trial.id == best?.trial.id,
        cells: [
          Cell(row.trial.id, isText: true), Cell(row.state.rawValue, isText: true), Cell("\(row.epochs)"),
          Cell(row.value.map(Format.loss) ?? "", key: row.value.map { "\($0)" }),
        ] + zip(row.trial.assignments, isNumeric).map { Cell($0.value, isText: !$1) })
    }
    failures = rows.compactMap { row in row.failure.map { "\(row.trial.id) failed: \($0)" } }
    figures = try SweepPlots(record, rows: rows, best: best).figures()
    self.best = try best.flatMap { best in try Self.best(best, of: record) }
    configuration = try String(
      decoding: FileContents.read(SweepDirectory.configurationPath(record.directory)), as: UTF8.self)
  }

  func page() throws -> String { try ReportPage.render(title: title, self, template: .sweep, isSortable: true) }

  private static func facts(
    _ rows: [SweepRecord.Row], best: SweepRecord.Row?, metric: String
  ) -> [Fact] {
    let states: [SweepRecord.State] = [.done, .stopped, .failed, .unfinished, .paused, .waiting]
    var facts = states.compactMap { state -> Fact? in
      let count = rows.count { $0.state == state }
      return count > 0 ? Fact("Trials \(state.rawValue)", Format.count(count)) : nil
    }
    guard let best, let value = best.value else { return facts }
    facts.append(Fact("Best \(metric)", Format.loss(value)))
    facts.append(Fact("Best trial", best.trial.id))
    for (index, assignment) in best.trial.assignments.enumerated()
    where rows.contains(where: { $0.trial.assignments[index].value != assignment.value }) {
      let name = assignment.key.split(separator: ".").last.map(String.init) ?? assignment.key
      facts.append(Fact("Its \(name)", assignment.value))
    }
    return facts
  }

  private static func best(_ best: SweepRecord.Row, of record: SweepRecord) throws -> Best? {
    guard let configuration = try record.bestConfiguration() else { return nil }
    let run = SweepDirectory.runPath(record.directory, best.trial)
    let file = SweepDirectory.bestPath(record.directory)
    // The file is written at the sweep's end; until then the trial's own serves as well.
    let train =
      try InputFile.ifThere(file) != nil
      ? "rnn-train --config \(Format.shellWord(file))"
      : "rnn-train --config \(Format.shellWord(run + "/config.cfg")) "
        + "output.directory=\(Format.shellWord(configuration.output.directory))"
    return Best(
      id: best.trial.id,
      commands:
        "\(train)\nrnn-train evaluate --checkpoint \(Format.shellWord(run))\nrnn-train report \(Format.shellWord(run))",
      configuration: configuration.render())
  }
}
