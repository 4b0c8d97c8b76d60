import ArgumentParser
import Files
import Presentation
import Training

struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Print what a run has written down of its course.",
    discussion: """
      Examples:

        rnn-train metrics runs/lm
        rnn-train metrics --csv runs/lm > lm.csv

      Without --csv it is a table of the epochs. With it there is a line for
      each hundred steps, for each epoch and for the test result, and a column
      for each number; what a line doesn't have is empty.
      """)

  @Argument(help: ArgumentHelp("The directory of a run.", valueName: "run"), completion: .directory)
  var directory: String

  @Flag(help: "Print comma-separated values.")
  var csv = false

  func run() throws {
    guard try RunDirectory.holdsRun(at: directory) else { throw TrainingError.holdsNoRun(directory: directory) }
    if csv {
      let table = MetricsTable(try RunMetrics(ofRunAt: directory))
      return try Results.print(CSV.text(table.heading, table.rows), terminator: "")
    }
    let epochs = ReportTable.epochs(of: try ReportedRun(directory))
    let table = Table(
      epochs.columns.map { $0.title.lowercased() } + [""],
      epochs.rows.map { $0.cells.map(\.text) + [$0.standsOut ? "best" : ""] },
      alignments: epochs.columns.map { _ in .right } + [.left])
    try Results.print(table.text(width: StandardStream.output.width ?? .max))
  }
}
