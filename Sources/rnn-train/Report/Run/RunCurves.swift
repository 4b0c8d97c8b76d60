import Configuration
import Plots
import Presentation
import Training

/// The curves of a run's metrics.
struct RunCurves {
  private let metrics: RunMetrics
  private let configuration: RunConfiguration
  private let best: RunMetrics.Line?
  /// Where a process went on, and which one.
  private let resumptions: [(step: Int, process: Int)]

  init(_ run: ReportedRun) {
    metrics = run.metrics
    configuration = run.configuration
    best = run.best
    resumptions = run.history.sessions.enumerated().dropFirst().map { ($1.beginning.step, $0 + 1) }
  }

  /// Those that there are values for.
  var figures: [Figure] {
    [loss, measure, learningRate, gradientNorm, throughput]
      .compactMap(\.self)
  }

  static let step = Axis("step", isWhole: true)
  static let epoch = Axis("epoch", isWhole: true)

  private var loss: Figure? {
    let steps = points(of: .train, \.loss)
    // A run that is logged more rarely than it is measured has the means of its epochs at least.
    let training = steps.isEmpty ? points(of: .epoch, \.trainLoss) : steps
    let validation = points(of: .epoch, \.validationLoss)
    guard !training.isEmpty || !validation.isEmpty else { return nil }
    let view = CurveView([training, validation], logarithmicAbove: 20)
    return Figure(
      "Loss",
      Plot(
        title: "Loss by step",
        description: "\(summary(training, of: "Training loss")) \(summary(validation, of: "Validation loss"))",
        x: Self.step, y: view.axis("loss (nats per target)"),
        series: series(training: training, validation: validation), markers: markers(best: best?.step) { $0 }),
      note: view.note(Format.loss))
  }

  /// What people compare models by.
  private var measure: Figure? {
    let (curve, field) = (configuration.task.curve, configuration.task.measure.field)
    func points(_ value: (RunMetrics.Line) -> Double?) -> [Series.Point] {
      metrics.epochs.map { Series.Point(Double($0.epoch), value($0) ?? .nan) }.whereAnyIsFinite
    }
    let training = curve.training.map { training in points { $0.trainLoss.map(training) } } ?? []
    let validation = points { $0[field].map(curve.validation) }
    guard !training.isEmpty || !validation.isEmpty else { return nil }
    let view = CurveView([training, validation], logarithmicAbove: 4, leastExtent: curve.leastExtent)
    let remark = training.isEmpty ? nil : "Training: the mean over the epoch, while the model was learning."
    let perEpoch = metrics.epochs.first.map { Double($0.step) / Double(max($0.epoch, 1)) } ?? 1
    return Figure(
      curve.name,
      Plot(
        title: "\(curve.name) by epoch",
        description: "\(summary(training, of: "Training")) \(summary(validation, of: "Validation"))",
        x: Self.epoch, y: view.axis(curve.unit), series: series(training: training, validation: validation),
        markers: markers(best: best?.epoch) { $0 / max(perEpoch, 1) }),
      note: [remark, view.note { Format.significant($0, 4) }].compactMap(\.self).joined(separator: " "))
  }

  private var learningRate: Figure? {
    single("Learning rate", \.learningRate, axis: Axis("learning rate", including: [0]))
  }

  private var gradientNorm: Figure? {
    let clip = configuration.training.clipNorm
    let scale = CurveView.scale(of: [points(of: .train, \.gradientNorm)], above: 50)
    let axis = Axis("norm", scale: scale, including: scale == .linear ? [0] : [])
    return single(
      "Gradient norm", \.gradientNorm, axis: axis,
      note: clip > 0 ? "Before clipping, which begins at \(shortest(clip))." : nil)
  }

  private var throughput: Figure? {
    single("Throughput", \.tokensPerSecond, axis: Axis("tokens per second", including: [0]))
  }

  private func single(
    _ name: String, _ value: KeyPath<RunMetrics.Line, Double?>, axis: Axis, note: String? = nil
  ) -> Figure? {
    let points = points(of: .train, value)
    guard !points.isEmpty else { return nil }
    let plot = Plot(
      title: "\(name) by step", description: summary(points, of: name), x: Self.step, y: axis,
      series: [Series("", points: points)], markers: markers(best: nil) { $0 })
    return Figure(name, plot, note: note)
  }

  // MARK: parts of plots

  /// Nothing, if no line of the kind has the value.
  private func points(of kind: RunMetrics.Kind, _ value: KeyPath<RunMetrics.Line, Double?>) -> [Series.Point] {
    metrics.lines.filter { $0.kind == kind }
      .map { Series.Point(Double($0.step), $0[keyPath: value] ?? .nan) }.whereAnyIsFinite
  }

  private func series(training: [Series.Point], validation: [Series.Point]) -> [Series] {
    [Series("training", color: 1, points: training), Series("validation", color: 2, points: validation)]
      .filter { !$0.points.isEmpty }
  }

  /// - Parameters:
  ///   - place: of the best epoch; nil: it isn't marked.
  ///   - x: the place of a step.
  private func markers(best place: Int?, _ x: (Double) -> Double) -> [Marker] {
    let resumed = resumptions.map { Marker(x(Double($0.step)), label: "process \($0.process)") }
    guard let best, let place else { return resumed }
    return resumed + [Marker(Double(place), label: "best: epoch \(Format.count(best.epoch))")]
  }

  /// For those who don't see it.
  private func summary(_ points: [Series.Point], of name: String) -> String {
    let values = points.map(\.y).filter(\.isFinite)
    guard let first = values.first, let last = values.last, let low = values.min(), let high = values.max() else {
      return ""
    }
    return "\(name): from \(shortest(first)) to \(shortest(last)), between \(shortest(low)) and \(shortest(high))."
  }

  private func shortest(_ value: Double) -> String { Format.significant(value, 4) }
}

extension [Series.Point] {
  /// Itself, or nothing, if there is nothing to see.
  var whereAnyIsFinite: Self { contains { $0.y.isFinite } ? self : [] }
}
