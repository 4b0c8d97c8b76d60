import Configuration
import Plots
import Presentation
import Training

/// The curves of a run's metrics.
struct RunCurves {
  private let metrics: RunMetrics
  private let configuration: RunConfiguration
  private let best: RunMetrics.Line?

  init(_ metrics: RunMetrics, configuration: RunConfiguration) {
    self.metrics = metrics
    self.configuration = configuration
    best = metrics.bestEpoch(by: configuration.task.measure)
  }

  /// Those that there are values for.
  var figures: [Figure] {
    [loss, measure, learningRate, gradientNorm, throughput]
      .compactMap(\.self)
  }

  private static let step = Axis("step", isWhole: true)

  private var loss: Figure? {
    let steps = points(of: .train, \.loss)
    // A run that is logged more rarely than it is measured has the means of its epochs at least.
    let training = steps.isEmpty ? points(of: .epoch, \.trainLoss) : steps
    let validation = points(of: .epoch, \.validationLoss)
    guard !training.isEmpty || !validation.isEmpty else { return nil }
    return Figure(
      "Loss",
      Plot(
        title: "Loss by step",
        description: "\(summary(training, of: "Training loss")) \(summary(validation, of: "Validation loss"))",
        x: Self.step, y: Axis("loss (nats per target)", scale: scale(of: training + validation, above: 20)),
        series: series(training: training, validation: validation), markers: marker(at: best?.step)))
  }

  /// What people compare models by.
  private var measure: Figure? {
    let (curve, field) = (configuration.task.curve, configuration.task.measure.field)
    func points(_ value: (RunMetrics.Line) -> Double?) -> [Series.Point] {
      metrics.epochs.map { Series.Point(Double($0.epoch), value($0) ?? .nan) }.whereAnyIsFinite
    }
    return byEpoch(
      curve.name, training: curve.training.map { training in points { $0.trainLoss.map(training) } } ?? [],
      validation: points { $0[field].map(curve.validation) }, unit: curve.unit)
  }

  private func byEpoch(
    _ name: String, training: [Series.Point], validation: [Series.Point], unit: String
  ) -> Figure? {
    guard !training.isEmpty || !validation.isEmpty else { return nil }
    return Figure(
      name,
      Plot(
        title: "\(name) by epoch",
        description: "\(summary(training, of: "Training")) \(summary(validation, of: "Validation"))",
        x: Axis("epoch", isWhole: true), y: Axis(unit, scale: scale(of: training + validation, above: 4)),
        series: series(training: training, validation: validation),
        markers: marker(at: best?.epoch)),
      note: training.isEmpty ? nil : "Training: the mean over the epoch, while the model was learning.")
  }

  private var learningRate: Figure? {
    single("Learning rate", \.learningRate, axis: Axis("learning rate", including: [0]))
  }

  private var gradientNorm: Figure? {
    let clip = configuration.training.clipNorm
    let scale = scale(of: points(of: .train, \.gradientNorm), above: 50)
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
      series: [Series("", points: points)])
    return Figure(name, plot, note: note)
  }

  // MARK: parts of plots

  /// Nothing, if no line of the kind has the value.
  private func points(of kind: RunMetrics.Kind, _ value: KeyPath<RunMetrics.Line, Double?>) -> [Series.Point] {
    metrics.lines.filter { $0.kind == kind }
      .map { Series.Point(Double($0.step), $0[keyPath: value] ?? .nan) }.whereAnyIsFinite
  }

  /// Logarithmic, where the largest value is so many times the smallest that little could be seen on a linear axis.
  private func scale(of points: [Series.Point], above ratio: Double) -> Axis.Scale {
    let values = points.map(\.y).filter { $0.isFinite && $0 > 0 }
    guard let low = values.min(), let high = values.max(), high > ratio * low else { return .linear }
    return .logarithmic
  }

  private func series(training: [Series.Point], validation: [Series.Point]) -> [Series] {
    [Series("training", color: 1, points: training), Series("validation", color: 2, points: validation)]
      .filter { !$0.points.isEmpty }
  }

  private func marker(at place: Int?) -> [Marker] {
    guard let best, let place else { return [] }
    return [Marker(Double(place), label: "best: epoch \(Format.count(best.epoch))")]
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
  fileprivate var whereAnyIsFinite: Self { contains { $0.y.isFinite } ? self : [] }
}
