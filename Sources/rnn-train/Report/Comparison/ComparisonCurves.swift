import Configuration
import Plots
import Presentation
import Training

/// The curves of several runs in the same pictures, over steps and over the time that they trained.
struct ComparisonCurves {
  private let runs: [ReportedRun]
  private let names: [String]

  init(_ runs: [ReportedRun], names: [String]) {
    self.runs = runs
    self.names = names
  }

  /// Those that there are values for.
  var figures: [Figure] {
    [
      figure("Validation loss", "loss (nats per target)", over: RunCurves.step, epochs { $0.validationLoss }, x: step),
      figure(
        "Validation loss over time", "loss (nats per target)", over: time, epochs { $0.validationLoss }, x: elapsed),
      measure(over: RunCurves.step, x: step), measure(over: time, x: elapsed),
      figure("Training loss", "loss (nats per target)", over: RunCurves.step, { $0.trainingLines }, x: step),
      figure("Training loss over time", "loss (nats per target)", over: time, { $0.trainingLines }, x: elapsed),
    ].compactMap(\.self)
  }

  private typealias Values = (ReportedRun) -> [(line: RunMetrics.Line, value: Double?)]
  private typealias Place = (ReportedRun, RunMetrics.Line) -> Double?

  private let step: Place = { Double($1.step) }

  /// Seconds or, where runs took long, minutes or hours.
  private var unit: (name: String, seconds: Double) {
    let longest = runs.compactMap(\.history.duration).max() ?? 0
    return longest > 7200 ? ("hours", 3600) : longest > 300 ? ("minutes", 60) : ("seconds", 1)
  }

  private var time: Axis { Axis("\(unit.name) of training", including: [0]) }

  private var elapsed: Place {
    let seconds = unit.seconds
    return { run, line in run.history.elapsed(at: line).map { $0 / seconds } }
  }

  private func epochs(_ value: @escaping (RunMetrics.Line) -> Double?) -> Values {
    { run in run.metrics.epochs.map { ($0, value($0)) } }
  }

  /// What people compare models by, of runs that have the same; a loss is in a picture already.
  private func measure(over axis: Axis, x: Place) -> Figure? {
    let task = runs[0].configuration.task
    guard runs.allSatisfy({ $0.configuration.task.measure == task.measure }) else { return nil }
    let curve = task.curve
    let name = axis == RunCurves.step ? curve.name : "\(curve.name) over time"
    return figure(
      name, curve.unit, over: axis, epochs { $0[task.measure.field].map(curve.validation) }, x: x,
      leastExtent: curve.leastExtent)
  }

  private func figure(
    _ name: String, _ unit: String, over axis: Axis, _ values: Values, x: Place, leastExtent: Double = 0
  ) -> Figure? {
    let series = zip(runs, names).enumerated().map { index, run in
      Series(
        run.1, color: index + 1,
        points: values(run.0).compactMap { line, value in
          x(run.0, line).map { Series.Point($0, value ?? .nan) }
        }.whereAnyIsFinite)
    }.filter { !$0.points.isEmpty }
    guard !series.isEmpty else { return nil }
    let view = CurveView(series.map(\.points), logarithmicAbove: 20, leastExtent: leastExtent)
    let ends = series.map { "\($0.name): \($0.points.last.map { Format.significant($0.y, 4) } ?? "") at the end." }
    return Figure(
      name,
      Plot(
        title: "\(name) of \(series.count) runs", description: ends.joined(separator: " "), x: axis,
        y: view.axis(unit), series: series), note: view.note { Format.significant($0, 4) })
  }
}

extension ReportedRun {
  /// What is written down within epochs.
  fileprivate var trainingLines: [(line: RunMetrics.Line, value: Double?)] {
    metrics.lines.filter { $0.kind == .train }.map { ($0, $0.loss) }
  }
}
