import Configuration
import ConfigurationFiles
import Plots
import Presentation
import Sweeps
import Training

/// What a sweep's trials came to, as pictures. A trial without a value, one that failed for instance, is in none.
struct SweepPlots {
  private let record: SweepRecord
  private let rows: [(row: SweepRecord.Row, value: Double)]
  private let best: SweepRecord.Row?
  private let metric: SweepConfiguration.Metric
  private let metricAxis: Axis
  /// As an axis has it, with its unit.
  private let metricLabel: String
  /// Those that change from trial to trial.
  private let parameters: [Parameter]

  private struct Parameter {
    let name: String
    let axis: Axis
    /// By the number of the trial.
    let values: [Double]
  }

  init(_ record: SweepRecord, rows: [SweepRecord.Row], best: SweepRecord.Row?) {
    self.record = record
    self.rows = rows.compactMap { row in row.value.map { (row, $0) } }
    self.best = best
    metric = record.plan.configuration.metric
    let values = self.rows.map(\.value)
    metricAxis = Axis(metric.name, scale: Self.scale(of: values))
    metricLabel = metric.measure.label
    parameters = record.plan.configuration.parameters.enumerated().compactMap { index, parameter in
      Self.parameter(parameter, texts: rows.map { $0.trial.assignments[index].value })
    }
  }

  func figures() throws -> [Figure] {
    guard !rows.isEmpty else { return [] }
    return [try curves(), coordinates].compactMap(\.self) + parameters.map(scatter)
  }

  /// Logarithmic, if some values are many times as large as others.
  private static func scale(of values: [Double]) -> Axis.Scale {
    guard let low = values.min(), let high = values.max(), low > 0, high >= 10 * low else { return .linear }
    return .logarithmic
  }

  private static func parameter(_ parameter: SweepParameter, texts: [String]) -> Parameter? {
    guard Set(texts).count > 1 else { return nil }
    let name = parameter.key.split(separator: ".").suffix(2).joined(separator: ".")
    let numbers = texts.compactMap(Double.init)
    guard numbers.count == texts.count else {
      let names = (parameter.values?.map(\.text) ?? texts).reduce(into: [String]()) { names, text in
        if !names.contains(text) { names.append(text) }
      }
      let values = texts.map { text in names.firstIndex(of: text).map(Double.init) ?? .nan }
      return Parameter(name: name, axis: Axis(name, scale: .categories(names)), values: values)
    }
    var scale = Self.scale(of: numbers)
    if case .range(let range) = parameter.domain { scale = range.distribution == .logUniform ? .logarithmic : .linear }
    return Parameter(name: name, axis: Axis(name, scale: scale), values: numbers)
  }

  // MARK: pictures

  /// The metric after each epoch, trial by trial.
  private func curves() throws -> Figure? {
    let series = try rows.map { row, _ in
      let metrics = try RunMetrics(ofRunAt: SweepDirectory.runPath(record.directory, row.trial))
      let isBest = row.trial.id == best?.trial.id
      return Series(
        isBest ? "best: \(row.trial.id)" : "", mark: isBest ? .line : .faintLine, color: isBest ? 2 : 1,
        points: metrics.epochs.map { Series.Point(Double($0.epoch), $0[metric.name] ?? .nan) })
    }
    guard series.contains(where: { $0.points.count > 1 }) else { return nil }
    let plot = Plot(
      title: "\(metric.name) of each trial by epoch",
      description: "One line for each of \(rows.count) trials.",
      x: Axis("epoch", isWhole: true), y: Axis(metricLabel, scale: metricAxis.scale),
      series: series.filter { $0.name.isEmpty } + series.filter { !$0.name.isEmpty })
    return Figure("All trials by epoch", plot)
  }

  private var coordinates: Figure? {
    guard !parameters.isEmpty else { return nil }
    let picture = ParallelCoordinates(
      title: "Parameters and \(metric.name)",
      description:
        "A line for each of \(rows.count) trials across its parameters; the last axis is \(metric.name).",
      axes: parameters.map(\.axis) + [metricAxis],
      rows: rows.map { row, value in
        ParallelCoordinates.Row(
          parameters.map { $0.values[row.trial.number] } + [value], note: note(on: row),
          isEmphasized: row.trial.id == best?.trial.id)
      }, prefersSmall: metric.goal == .minimize)
    return Figure(
      "Parameters together", picture, note: "The better a trial, the stronger its colour; the thick line is the best.",
      isWide: true)
  }

  private func scatter(_ parameter: Parameter) -> Figure {
    func points(_ rows: [(row: SweepRecord.Row, value: Double)]) -> [Series.Point] {
      rows.map { Series.Point(parameter.values[$0.row.trial.number], $0.value, note: note(on: $0.row)) }
    }
    let plot = Plot(
      title: "\(metric.name) by \(parameter.name)", description: "A point for each of \(rows.count) trials.",
      x: parameter.axis, y: Axis(metricLabel, scale: metricAxis.scale),
      series: [
        Series("trials", mark: .points, points: points(rows)),
        Series("best", mark: .rings, points: points(rows.filter { $0.row.trial.id == best?.trial.id })),
      ])
    return Figure("By \(parameter.name)", plot)
  }

  private func note(on row: SweepRecord.Row) -> String {
    let settings = row.trial.assignments.map(\.text).joined(separator: ", ")
    return "\(row.trial.id): \(row.value.map(Format.loss) ?? ""); \(settings)"
  }
}
