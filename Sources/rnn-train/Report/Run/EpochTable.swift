import Configuration
import Presentation
import Training

extension ReportTable {
  /// What each epoch came to; folded, since few readers want it.
  static func epochs(of run: ReportedRun) -> ReportTable {
    let (task, best, epochs) = (run.configuration.task, run.best, run.metrics.epochs)
    let figures = epochs.lazy.compactMap { $0[task.measure.field] }.first.map(task.figures)?.map(\.name) ?? []
    let hasLoss = epochs.contains { $0.validationLoss != nil }
    // A measure that is the loss itself has it among its figures.
    let showsLoss = hasLoss && task.measure != .validationLoss
    let times = epochs.map(run.history.elapsed(at:))
    let hasTimes = times.contains { $0 != nil }
    var titles = ["Epoch", "Step", "Training loss"]
    if showsLoss { titles.append("Validation loss") }
    titles += figures.map { "Validation \($0)" }
    if hasTimes { titles.append("Time") }
    let rows = zip(epochs, times).map { line, time in
      let values = line[task.measure.field].map(task.figures) ?? []
      var cells = ["\(line.epoch)", Format.count(line.step), line.trainLoss.map(Format.loss) ?? ""]
      if showsLoss { cells.append(line.validationLoss.map(Format.loss) ?? "") }
      cells += figures.indices.map { values.indices.contains($0) ? values[$0].text : "" }
      if hasTimes { cells.append(time.map { Format.duration(seconds: $0) } ?? "") }
      return Row(cells, standsOut: line.step == best?.step)
    }
    return ReportTable(
      Format.count(epochs.count, "epoch") + " in numbers", titles.map { Column($0, isNumeric: true) }, rows,
      isFolded: true)
  }
}
