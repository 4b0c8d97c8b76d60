import Configuration
import ConfigurationFiles
import Files
import Foundation
import Presentation
import Sweeps

/// A sweep as a page. It is read as it lies there, and may be going on meanwhile.
struct SweepReport {
  let page: ReportPage

  /// - Parameter link: where a file stands as seen from the page; nil: nowhere.
  init(_ record: SweepRecord, link: (_ path: String) throws -> String?) throws {
    let sweep = try ReportedSweep(record)
    let configuration = record.plan.configuration
    let count = configuration.parameters.count == 1 ? "one parameter" : "\(configuration.parameters.count) parameters"
    let name = ReportedRun.name(of: record.directory)
    let lead =
      "Sweep · \(configuration.method.name) · \(Format.count(sweep.rows.count, "trial")) of \(count) · "
      + "\(sweep.metric.goal == .minimize ? "the lowest" : "the highest") \(sweep.metric.name) is best"
    var trials = ReportSection("Trials")
    trials.panels = [.wideTable(try .trials(of: sweep, link: link))]
    trials.items = sweep.rows.compactMap { row in row.failure.map { "\(row.trial.id) failed: \($0)" } }
    var figures = ReportSection("What the trials came to")
    figures.panels = SweepPlots(sweep).figures.map(ReportSection.Panel.figure)
    var own = ReportSection("The sweep")
    let text = try String(
      decoding: FileContents.read(SweepDirectory.configurationPath(record.directory)), as: UTF8.self)
    own.panels = [.code(.init("Its configuration", text, isFolded: true))]
    var sections = [Self.result(of: sweep), trials]
    if !figures.panels.isEmpty { sections.append(figures) }
    sections += [.importance(in: sweep), try Self.best(of: sweep)].compactMap(\.self)
    page = ReportPage(
      title: "\(name): sweep of \(sweep.names.joined(separator: ", "))"
        + (sweep.best?.value.map { ", best \(sweep.metric.name) \(Format.loss($0))" } ?? ""),
      heading: name, lead: lead, notices: [],
      sections: sections + [own])
  }

  /// The best trial, what became of the others, and what all of it took.
  private static func result(of sweep: ReportedSweep) -> ReportSection {
    var section = ReportSection("Result")
    var facts: [Fact] = []
    if let best = sweep.best, let value = best.value {
      facts.append(Fact("Best \(sweep.metric.name)", Format.loss(value)))
      facts.append(Fact("Best trial", best.trial.id))
      for (index, assignment) in best.trial.assignments.enumerated()
      where sweep.rows.contains(where: { $0.trial.assignments[index].value != assignment.value }) {
        facts.append(Fact("Its \(sweep.names[index])", assignment.value))
      }
    }
    let states: [SweepRecord.State] = [.done, .stopped, .failed, .unfinished, .paused, .waiting]
    facts += states.compactMap { state -> Fact? in
      let count = sweep.rows.count { $0.state == state }
      return count > 0 ? Fact("Trials \(state.rawValue)", Format.count(count)) : nil
    }
    let costs = sweep.rows.compactMap(sweep.cost(of:))
    if !costs.isEmpty {
      facts.append(Fact("Time of all trials", Format.duration(seconds: costs.reduce(0) { $0 + $1.seconds })))
      let threads = costs.compactMap(\.threadSeconds)
      if !threads.isEmpty { facts.append(Fact("Time × threads", Format.duration(seconds: threads.reduce(0, +)))) }
    }
    section.facts = facts
    return section
  }

  private static func best(of sweep: ReportedSweep) throws -> ReportSection? {
    let record = sweep.record
    guard let best = sweep.best, let configuration = try record.bestConfiguration() else { return nil }
    let run = SweepDirectory.runPath(record.directory, best.trial)
    let file = SweepDirectory.bestPath(record.directory)
    // The file is written at the sweep's end; until then the trial's own serves as well.
    let train =
      try InputFile.ifThere(file) != nil
      ? "rnn-train --config \(Format.shellWord(file))"
      : "rnn-train --config \(Format.shellWord(run + "/config.cfg")) "
        + "output.directory=\(Format.shellWord(configuration.output.directory))"
    var section = ReportSection("The best trial: \(best.trial.id)", paragraphs: ["Train it again, or look at it:"])
    let commands = [train] + ["evaluate --checkpoint", "report"].map { "rnn-train \($0) \(Format.shellWord(run))" }
    section.panels = [
      .code(.init("", commands.joined(separator: "\n"))),
      .code(.init("Its configuration", configuration.render(), isFolded: true)),
    ]
    return section
  }
}

extension ReportTable {
  /// All trials with their parameters, and what they took.
  fileprivate static func trials(
    of sweep: ReportedSweep, link: (_ path: String) throws -> String?
  ) throws -> ReportTable {
    let rows = sweep.rows
    let costs = rows.map(sweep.cost(of:))
    let showsThreads = costs.contains { $0?.threadSeconds != nil }
    let isNumeric = sweep.names.indices.map { index in
      rows.allSatisfy { Double($0.trial.assignments[index].value) != nil }
    }
    var columns = [Column("trial"), Column("state"), Column("epochs", isNumeric: true)]
    columns.append(Column(sweep.metric.name, isNumeric: true))
    columns += zip(sweep.names, isNumeric).map { Column($0, isNumeric: $1) }
    columns.append(Column("time", isNumeric: true))
    if showsThreads { columns.append(Column("time × threads", isNumeric: true)) }
    func duration(_ seconds: Double?) -> Cell {
      Cell(seconds.map { Format.duration(seconds: $0) } ?? "", key: seconds.map { "\($0)" })
    }
    return ReportTable(
      "", columns,
      try zip(rows, costs).map { row, cost in
        let page = Path.join(SweepDirectory.runPath(sweep.record.directory, row.trial), ReportCommand.pageName)
        var cells = [Cell(row.trial.id, link: try link(page)), Cell(row.state.rawValue), Cell("\(row.epochs)")]
        cells.append(Cell(row.value.map(Format.loss) ?? "", key: row.value.map { "\($0)" }))
        cells += row.trial.assignments.map { Cell($0.value) }
        cells.append(duration(cost?.seconds))
        if showsThreads { cells.append(duration(cost?.threadSeconds)) }
        return Row(cells, standsOut: sweep.isBest(row))
      }, isSortable: true)
  }
}
