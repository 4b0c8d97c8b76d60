import Files
import Presentation
import Sweeps

/// Shows a sweep's progress: a table that gets a line whenever a trial's process ends and, on a terminal, below it the
/// trials that run, updated in place.
final class SweepProgress: SweepReporter {
  private var running: [Trial] = []
  private var rows: [Int: SweepRecord.Row] = [:]
  /// Trials of the rung that had no end when it began.
  private var toRun = 0
  private var saidHeading = false
  /// When the lines were updated last for no other reason than that time passes.
  private var updated = ContinuousClock.now
  private let console: Console
  private let record: SweepRecord
  private let columns: SweepColumns
  private let begun = ContinuousClock.now

  private static let interval = Duration.milliseconds(500)

  init(console: Console, record: SweepRecord) {
    self.console = console
    self.record = record
    let plan = record.plan
    columns = SweepColumns(
      metric: plan.configuration.metric.name, keys: plan.configuration.parameters.map(\.key),
      values: plan.trials.map { $0.assignments.map(\.value) }, ids: plan.trials.map(\.id), on: .error)
  }

  func begin(_ rung: Int, of plan: SweepPlan, remaining: Int) {
    let rungs = plan.rungs
    toRun = remaining
    guard remaining > 0 else { return }
    if rungs.count > 1 {
      let goal = rungs[rung].epochs.map { "epoch \($0)" } ?? "the end"
      console.say("rung \(rung + 1) of \(rungs.count): \(Format.count(remaining, "trial")) to \(goal)")
    } else {
      console.say("\(remaining) of \(Format.count(plan.trials.count, "trial")) to run")
    }
    if !saidHeading { console.say(columns.heading) }
    saidHeading = true
  }

  func started(_ trial: Trial) {
    running.append(trial)
    show()
  }

  func ended(_ row: SweepRecord.Row) {
    running.removeAll { $0.id == row.trial.id }
    rows[row.trial.number] = row
    console.say(columns.line(row, values: row.trial.assignments.map(\.value), mark: row.failure ?? ""))
    show()
  }

  func passed() {
    guard .now - updated > Self.interval else { return }
    updated = .now
    show()
  }

  func end() { console.clearStatus() }

  private func show() {
    guard console.hasStatus else { return }
    guard !running.isEmpty else { return }
    let trials = running.map(fields)
    console.update(lines: { width in
      trials.map { Format.fields($0, width: width) } + [summary(Array(rows.values))]
    })
  }

  /// What there is to say of a trial that runs, the most important first.
  private func fields(of trial: Trial) -> [String] {
    func line(_ own: [String]) -> String { columns.line([trial.id, "running"] + own + trial.assignments.map(\.value)) }
    let progress: SweepRecord.Progress
    do throws(FileError) {
      progress = try record.progress(of: trial)
    } catch {
      return [line(["", ""]), "\(error)"]
    }
    var fields = [line(["\(progress.epochs)", progress.value.map(Format.loss) ?? ""])]
    if let step = progress.step { fields.append("step \(Format.count(step))") }
    if let loss = progress.loss { fields.append("loss \(Format.loss(loss))") }
    return fields
  }

  /// As long as the trials that this process has run took, on average; nil before the first one, and where a rung decides
  /// which trials go on.
  private var left: Duration? {
    guard !rows.isEmpty, record.plan.rungs.count == 1 else { return nil }
    return (.now - begun) * (Double(toRun - rows.count) / Double(rows.count))
  }

  private func summary(_ rows: [SweepRecord.Row]) -> String {
    let failed = rows.count { $0.state == .failed }
    let goal = record.plan.configuration.metric.goal
    let best = rows.compactMap { row in row.value.map { (row.trial.id, $0) } }
      .min { goal.prefers($0.1, to: $1.1) }
    var facts = ["\(rows.count) of \(Format.count(record.plan.trials.count, "trial")) run"]
    if failed > 0 { facts.append("\(failed) failed") }
    if let best { facts.append("best \(Format.loss(best.1)) (\(best.0))") }
    facts.append(Format.duration(.now - begun))
    if let left { facts.append("about \(Format.duration(left)) left") }
    return facts.joined(separator: ", ")
  }
}
