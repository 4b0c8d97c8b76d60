import Presentation
import Sweeps

/// What a finished sweep has come to: its table, the best trial, and what to do next.
struct SweepResults {
  private let record: SweepRecord

  init(_ record: SweepRecord) { self.record = record }

  func print() throws {
    guard let best = try record.best, let file = try record.writeBest() else { return }
    let program = Format.shellWord(RunResults.program)
    let facts = Format.facts([
      ("best trial", best.trial.id),
      (record.plan.configuration.metric.name, best.value.map(Format.loss) ?? ""),
      ("its settings", best.trial.assignments.map(\.text).joined(separator: " ")),
      ("its configuration", file),
    ])
    let run = Format.shellWord(SweepDirectory.runPath(record.directory, best.trial))
    if StandardStream.output.isTerminal { try Results.print("") }
    try Results.print(
      """
      \(SweepTable(record))

      \(facts)

      Next:

        \(program) sweep show \(Format.shellWord(record.directory)) --sort \(record.plan.configuration.metric.name)
        \(program) report \(Format.shellWord(record.directory))
        \(program) evaluate --checkpoint \(run)
        \(program) --config \(Format.shellWord(file))
      """)
  }
}
