import Configuration
import Presentation
import Training

extension ReportSection {
  /// What a run was told to do: first what isn't usual, then, folded, all of it.
  static func configuration(of run: ReportedRun) -> ReportSection {
    let departures = run.configuration.departures
    var section = ReportSection("Configuration")
    if departures.isEmpty {
      section.paragraphs = ["Every setting has its default."]
    } else {
      let rows = departures.map { ReportTable.Row([$0.key, $0.own ?? "", $0.other ?? ""]) }
      section.panels.append(
        .wideTable(
          ReportTable(
            "Other than by default", [.init("Key"), .init("Value"), .init("Default")], rows)))
    }
    section.panels.append(.code(Code("All of it", run.configurationText, isFolded: true)))
    return section
  }

  /// The processes that trained a run, where there were several: when, on what, and what was changed before they went on.
  static func sessions(of run: ReportedRun) -> ReportSection? {
    let sessions = run.history.sessions
    guard sessions.count > 1 else { return nil }
    var section = ReportSection(
      "Processes",
      paragraphs: [
        "\(Format.count(sessions.count)) processes trained the run. Where one went on is marked in the curves."
      ])
    let rows = sessions.enumerated().map { index, session in
      let beginning = session.beginning
      let changes = beginning.changes.map { "\($0.key): \($0.before ?? "–") → \($0.after ?? "–")" }
      return ReportTable.Row([
        "\(index + 1)", Format.time(beginning.seconds), Format.count(beginning.step),
        session.end.map { Format.count($0.step) } ?? "–", beginning.threadsText, beginning.isa,
        session.end?.outcome.text ?? (run.isInUse && index == sessions.count - 1 ? "under way" : "cut off"),
        changes.joined(separator: "; "),
      ])
    }
    let columns =
      [("Process", false), ("Begun", false), ("From step", true), ("To step", true), ("Threads", true)]
      + [("Instructions", false), ("Ended", false), ("Changed", false)]
    section.panels = [.wideTable(ReportTable("", columns.map { .init($0.0, isNumeric: $0.1) }, rows))]
    return section
  }
}

extension RunSession.Outcome {
  fileprivate var text: String {
    switch self {
    case .finished: "finished"
    case .stoppedEarly: "stopped early"
    case .interrupted: "interrupted"
    case .failed: "failed"
    }
  }
}

extension RunSession.Beginning {
  /// How many threads there were, and of several ranks.
  var threadsText: String { (ranks.map { $0 > 1 ? "\($0) ranks of " : "" } ?? "") + Format.count(threads) }
}
