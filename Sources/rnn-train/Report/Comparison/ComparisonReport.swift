import Configuration
import Presentation
import Training

/// Runs side by side: how they went, what they came to, and in what they differ.
struct ComparisonReport {
  let page: ReportPage

  /// - Parameters:
  ///   - runs: at least two.
  ///   - link: where a file stands as seen from the page; nil: nowhere.
  init(of runs: [ReportedRun], link: (_ path: String) throws -> String?) throws {
    let names = Self.names(of: runs)
    var result = ReportSection("Result")
    result.panels = [.wideTable(try .results(of: runs, names: names, link: link))]
    var curves = ReportSection("Curves")
    curves.panels = ComparisonCurves(runs, names: names).figures.map(ReportSection.Panel.figure)
    if curves.panels.isEmpty { curves.paragraphs = ["There are no metrics yet: they begin with the hundredth step."] }
    page = ReportPage(
      title: "\(names.joined(separator: ", ")): compared", heading: names.joined(separator: " · "),
      lead: "\(runs.count) runs side by side", notices: Self.notices(of: runs),
      sections: [result, curves, Self.differences(of: runs, names: names)])
  }

  /// The shortest names that tell the runs apart: of their directories, with what these are in, or as they were given.
  private static func names(of runs: [ReportedRun]) -> [String] {
    let candidates = [runs.map { $0.name.split(separator: "/").last.map(String.init) ?? $0.name }, runs.map(\.name)]
    return candidates.first { Set($0).count == runs.count } ?? runs.map(\.directory)
  }

  /// What makes numbers of the runs say little about each other.
  private static func notices(of runs: [ReportedRun]) -> [String] {
    var notices: [String] = []
    if Set(runs.map(\.configuration.task.name)).count > 1 {
      notices.append("The runs have different tasks: their losses can’t be compared.")
    }
    let sizes = runs.compactMap { $0.history.sessions.last?.beginning.vocabulary }
    if sizes.count == runs.count, Set(sizes).count > 1 {
      notices.append(
        "The vocabularies have different sizes (\(sizes.map { Format.count($0) }.joined(separator: ", "))): losses and "
          + "perplexities are of different tokens.")
    }
    return notices
  }

  private static func differences(of runs: [ReportedRun], names: [String]) -> ReportSection {
    var section = ReportSection("In what they differ")
    let keys = runs.dropFirst().reduce(into: [String]()) { keys, run in
      let changed = run.configuration.differences(from: runs[0].configuration).map(\.key)
      for key in changed where !keys.contains(key) && key != "output.directory" { keys.append(key) }
    }
    guard !keys.isEmpty else {
      section.paragraphs = ["Their configurations are the same but for the directory."]
      return section
    }
    let settings = runs.map { Dictionary(uniqueKeysWithValues: $0.configuration.settings.map { ($0.key, $0.value) }) }
    let rows = keys.map { key in ReportTable.Row([key] + settings.map { $0[key] ?? "–" }) }
    section.panels = [.wideTable(ReportTable("", [.init("Key")] + names.map { .init($0) }, rows))]
    return section
  }
}

extension ReportTable {
  /// A row for each run; the best one by the measure stands out where they have the same.
  fileprivate static func results(
    of runs: [ReportedRun], names: [String], link: (_ path: String) throws -> String?
  ) throws -> ReportTable {
    func distinct(_ figures: (ReportedRun) -> [Quantity]) -> [String] {
      runs.flatMap { figures($0).reversed().map(\.name) }
        .reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
    }
    func cells(_ figures: [Quantity], _ names: [String]) -> [Cell] {
      names.map { name in
        let figure = figures.first { $0.name == name }
        return Cell(figure?.text ?? "", key: figure.map { "\($0.value)" })
      }
    }
    let (test, validation) = (distinct(\.testFigures), distinct(\.validationFigures))
    var columns = [Column("Run")]
    columns += test.map { Column("Test \($0)", isNumeric: true) }
    columns += validation.map { Column("Validation \($0)", isNumeric: true) }
    columns += ["Best epoch", "Steps", "Trained for", "Threads"].map { Column($0, isNumeric: true) }
    columns += [Column("State"), Column("Model")]
    let best = best(of: runs)
    let rows = try zip(runs, names).map { run, name in
      let duration = run.history.duration
      var row = [Cell(name, link: try link(ReportCommand.pagePath(of: run.directory)))]
      row += cells(run.testFigures, test) + cells(run.validationFigures, validation)
      row.append(Cell(run.best.map { Format.count($0.epoch) } ?? ""))
      row.append(Cell(Format.count(run.step), key: "\(run.step)"))
      row.append(Cell(duration.map { Format.duration(seconds: $0) } ?? "", key: duration.map { "\($0)" }))
      row.append(Cell(run.history.sessions.last?.beginning.threadsText ?? ""))
      row += [Cell(run.state(step: run.step).rawValue), Cell(run.modelSummary)]
      return Row(row, standsOut: run.directory == best?.directory)
    }
    return ReportTable("", columns, rows, isSortable: true)
  }

  private static func best(of runs: [ReportedRun]) -> ReportedRun? {
    let measure = runs[0].configuration.task.measure
    guard runs.allSatisfy({ $0.configuration.task.measure == measure }) else { return nil }
    let costs = runs.compactMap { run in run.best?[measure.field].map { (run, measure.cost(of: $0)) } }
    return costs.min { $0.1 < $1.1 }?.0
  }
}
