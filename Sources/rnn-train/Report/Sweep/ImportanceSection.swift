import Plots
import Presentation
import Sweeps

extension ReportSection {
  /// Which parameters matter; nil where trials are too few to tell.
  static func importance(in sweep: ReportedSweep) -> ReportSection? {
    let measured = sweep.rows.filter { $0.value != nil }
    let parameters = sweep.names.enumerated().compactMap { index, name in
      ParameterImportance(
        name, values: measured.map { $0.trial.assignments[index].value }, results: measured.compactMap(\.value))
    }.sorted { $0.share > $1.share }
    guard !parameters.isEmpty else { return nil }
    var section = ReportSection(
      "Which parameters matter",
      paragraphs: [
        "The share of the trials’ differences in \(sweep.metric.name) that goes with each parameter alone: η² by Kruskal and "
          + "Wallis’ H on the ranks of \(Format.count(measured.count, "trial")), grouped by value (numbers from a range by quartiles). It "
          + "doesn’t see what parameters do together, and of few trials it tells little."
      ])
    let points = parameters.enumerated().map { index, parameter in
      Series.Point(
        Double(index), parameter.share,
        note: "\(parameter.name): \(Format.fixed(parameter.share, 2)), \(parameter.groups) groups")
    }
    let plot = Plot(
      title: "Importance of the parameters",
      description: parameters.map { "\($0.name): \(Format.fixed($0.share, 2))." }.joined(separator: " "),
      x: Axis("parameter", scale: .categories(parameters.map(\.name))), y: Axis("η²", including: [0, 1]),
      series: [Series("", mark: .bars, points: points)])
    section.panels = [.figure(Figure("Importance", plot))]
    return section
  }
}
