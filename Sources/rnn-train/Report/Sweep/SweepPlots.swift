import Configuration
import ConfigurationFiles
import Plots
import Presentation
import Sweeps
import Training

/// What a sweep's trials came to, as pictures. A trial without a value, one that failed for instance, is in none.
struct SweepPlots {
  private let sweep: ReportedSweep
  private let rows: [(row: SweepRecord.Row, value: Double)]
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

  init(_ sweep: ReportedSweep) {
    self.sweep = sweep
    rows = sweep.rows.compactMap { row in row.value.map { (row, $0) } }
    metric = sweep.metric
    let values = self.rows.map(\.value)
    metricAxis = Axis(metric.name, scale: Self.scale(of: values))
    metricLabel = metric.measure.label
    parameters = sweep.record.plan.configuration.parameters.enumerated().compactMap { index, parameter in
      Self.parameter(parameter, named: sweep.names[index], texts: sweep.rows.map { $0.trial.assignments[index].value })
    }
  }

  var figures: [Figure] {
    guard !rows.isEmpty else { return [] }
    return [curves, cost, coordinates].compactMap(\.self) + parameters.map(scatter)
  }

  /// Logarithmic, if some values are many times as large as others.
  private static func scale(of values: [Double]) -> Axis.Scale {
    guard let low = values.min(), let high = values.max(), low > 0, high >= 10 * low else { return .linear }
    return .logarithmic
  }

  private static func parameter(_ parameter: SweepParameter, named name: String, texts: [String]) -> Parameter? {
    guard Set(texts).count > 1 else { return nil }
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

  /// The metric after each epoch, trial by trial. Numbers of trials stand at the ends of their lines, whole ids in the values.
  private var curves: Figure? {
    let series = rows.map { row, _ in
      let isBest = sweep.isBest(row)
      return Series(
        String(row.trial.id.prefix { $0 != "-" }) + (isBest ? " best" : ""), mark: isBest ? .line : .faintLine,
        color: isBest ? 2 : 1,
        points: sweep.metrics[row.trial.number].epochs.map {
          Series.Point(Double($0.epoch), $0[metric.name] ?? .nan)
        })
    }
    guard series.contains(where: { $0.points.count > 1 }) else { return nil }
    let view = CurveView(series.map(\.points), logarithmicAbove: 10)
    let plot = Plot(
      title: "\(metric.name) of each trial by epoch",
      description: "One line for each of \(rows.count) trials.",
      x: RunCurves.epoch, y: view.axis(metricLabel),
      series: series.filter { $0.mark == .faintLine } + series.filter { $0.mark == .line }, namesEnds: true)
    return Figure("All trials by epoch", plot, note: view.note(Format.loss))
  }

  /// What each trial came to for the time that it took.
  private var cost: Figure? {
    let points = rows.compactMap { row, value in
      sweep.cost(of: row).map { cost in
        let seconds = cost.threadSeconds ?? cost.seconds
        return (row, Series.Point(seconds, value, note: "\(sweep.note(on: row)); \(Format.duration(seconds: seconds))"))
      }
    }
    guard points.count > 1 else { return nil }
    let plot = Plot(
      title: "\(metric.name) by cost", description: "A point for each of \(points.count) trials.",
      x: Axis("seconds times threads"), y: Axis(metricLabel, scale: metricAxis.scale),
      series: [
        Series("trials", mark: .points, points: points.map(\.1)),
        Series("best", mark: .rings, points: points.filter { sweep.isBest($0.0) }.map(\.1)),
      ])
    return Figure("By cost", plot)
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
          parameters.map { $0.values[row.trial.number] } + [value], note: sweep.note(on: row),
          isEmphasized: sweep.isBest(row))
      }, prefersSmall: metric.goal == .minimize)
    return Figure(
      "Parameters together", picture, note: "The better a trial, the stronger its colour; the thick line is the best.",
      isWide: true)
  }

  private func scatter(_ parameter: Parameter) -> Figure {
    func points(_ rows: [(row: SweepRecord.Row, value: Double)]) -> [Series.Point] {
      rows.map { Series.Point(parameter.values[$0.row.trial.number], $0.value, note: sweep.note(on: $0.row)) }
    }
    let plot = Plot(
      title: "\(metric.name) by \(parameter.name)", description: "A point for each of \(rows.count) trials.",
      x: parameter.axis, y: Axis(metricLabel, scale: metricAxis.scale),
      series: [
        Series("trials", mark: .points, points: points(rows)),
        Series("best", mark: .rings, points: points(rows.filter { sweep.isBest($0.row) })),
      ])
    return Figure("By \(parameter.name)", plot)
  }
}
