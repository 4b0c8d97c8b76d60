import Configuration
import Foundation
import Plots
import Presentation
import Training

/// What one sees of a run that goes on: on a terminal a curve that is drawn anew each time, elsewhere a line for each one that
/// has come to the metrics since.
struct RunView {
  private let stream = StandardStream.output
  /// Lines of the last picture, which the next one replaces.
  private var drawn = 0
  /// Lines of metrics that were said; nil at the beginning.
  private var said: Int?

  private static let mostRows = 20

  /// - Parameter isLast: whether the run has ended, so that there is nothing to come.
  mutating func show(_ run: ReportedRun, isLast: Bool) throws(OutputError) {
    guard let size = stream.size else { return try say(run, isLast: isLast) }
    let status = RunStatus(run)
    var lines = [status.headline, status.progress(width: size.columns - 1)]
    lines += picture(of: run, width: size.columns - 1, height: min(size.rows - 4, Self.mostRows))
    let text = lines.map { String(Format.printable($0).prefix(size.columns - 1)) + "\u{1B}[K\n" }.joined()
    try Results.draw((drawn > 0 ? "\u{1B}[\(drawn)A\r" : "") + text)
    drawn = lines.count
  }

  private func picture(of run: ReportedRun, width: Int, height: Int) -> [String] {
    func points(_ kind: RunMetrics.Kind, _ value: (RunMetrics.Line) -> Double?) -> [Series.Point] {
      run.metrics.lines.filter { $0.kind == kind }.map { Series.Point(Double($0.step), value($0) ?? .nan) }
    }
    let training = points(.train, \.loss)
    let validation = points(.epoch, \.validationLoss)
    guard !training.isEmpty || !validation.isEmpty else { return ["waiting for the first hundred steps"] }
    let view = CurveView([training, validation], logarithmicAbove: 20)
    return TextPlot(
      x: RunCurves.step, y: view.axis("loss"),
      series: [Series("training", points: training), Series("validation", points: validation)],
      alphabet: StandardStream.isUTF8 ? .braille : .ascii
    ).lines(width: width, height: height)
  }

  private mutating func say(_ run: ReportedRun, isLast: Bool) throws(OutputError) {
    let (status, lines) = (RunStatus(run), run.metrics.lines)
    if said == nil { try Results.print(status.headline) }
    // Of what was there before, the epochs will do. A run that went back has fewer lines than it had.
    let new = said.map { lines.dropFirst(min($0, lines.count)) } ?? lines.filter { $0.kind == .epoch }[...]
    for line in new { try Results.print(status.text(of: line)) }
    said = lines.count
    if isLast { try Results.print(status.progress()) }
  }
}

/// Where a run stands, in lines of text.
struct RunStatus {
  private let run: ReportedRun
  private var epochs: Int { run.configuration.training.epochs }

  init(_ run: ReportedRun) { self.run = run }

  var headline: String { "\(run.directory)  \(run.configuration.task.title.lowercased()), \(run.modelSummary)" }

  /// How far it is, how long it will take, and how good it is.
  ///
  /// - Parameter width: what there is no room for is left out.
  func progress(width: Int = .max) -> String {
    let last = run.metrics.lines.last { $0.kind == .train }
    var parts = [run.state(step: run.step).rawValue, "epoch \(run.epochsDone)/\(epochs) done"]
    if run.isInUse, let left { parts.append("\(Format.duration(seconds: left)) left") }
    if let loss = last?.loss { parts.append("loss \(Format.loss(loss))") }
    if let figure = run.testFigures.last {
      parts.append("test \(figure)")
    } else if let figure = run.validationFigures.last {
      parts.append("validation \(figure)")
    }
    parts.append("step \(Format.count(run.step))")
    if run.isInUse, let rate = last?.tokensPerSecond { parts.append("\(Format.count(rate)) tokens/s") }
    return Format.fields(parts, width: width)
  }

  /// Lines of metrics that tell how fast a run is now.
  private static let recentLines = 20

  /// Seconds to the last epoch's end, at the pace of the last lines; nil before the first epoch is over.
  private var left: Double? {
    guard let first = run.metrics.epochs.first, first.epoch > 0 else { return nil }
    let recent = run.metrics.lines.suffix(Self.recentLines).filter { $0.seconds != nil }
    guard let a = recent.first, let b = recent.last, let from = run.history.elapsed(at: a),
      let to = run.history.elapsed(at: b), b.step > a.step, to > from
    else { return nil }
    let steps = Double(first.step) / Double(first.epoch) * Double(epochs) - Double(b.step)
    return max(steps, 0) * (to - from) / Double(b.step - a.step)
  }

  func text(of line: RunMetrics.Line) -> String {
    guard line.kind == .epoch else {
      return [
        "step \(Format.count(line.step))", "epoch \(line.epoch)/\(epochs)", line.loss.map { "loss \(Format.loss($0))" },
        line.tokensPerSecond.map { "\(Format.count($0)) tokens/s" },
      ].compactMap(\.self).joined(separator: "  ")
    }
    let task = run.configuration.task
    let figure = line[task.measure.field].flatMap { task.figures(of: $0).last }
    return [
      "epoch \(line.epoch)/\(epochs)", line.trainLoss.map { "train loss \(Format.loss($0))" },
      line.validationLoss.map { "validation loss \(Format.loss($0))" }, figure.map { "\($0)" },
    ].compactMap(\.self).joined(separator: "  ")
  }
}
