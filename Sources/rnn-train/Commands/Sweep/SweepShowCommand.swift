import ArgumentParser
import Presentation
import Sweeps

struct SweepShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a sweep's trials, while it runs or after.",
    discussion: """
      Examples:

        rnn-train sweep show sweeps/lm
        rnn-train sweep show sweeps/lm --sort validation_loss --only-changed
        rnn-train sweep show sweeps/lm --csv > lm.csv
      """)

  @Argument(help: ArgumentHelp("The directory of a sweep.", valueName: "sweep"), completion: .directory)
  var directory: String

  @Option(
    help: ArgumentHelp(
      "Order the trials by trial, state, epochs, the metric (the best first) or a parameter.", valueName: "column"))
  var sort: String?

  @Flag(help: "Leave out parameters that are the same in all trials.")
  var onlyChanged = false

  @Flag(help: "Print comma-separated values.")
  var csv = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if csv && json { throw ValidationError("expected one of --csv and --json") }
  }

  func run() throws {
    var table = try SweepTable(SweepRecord(of: directory), onlyChanged: onlyChanged)
    if let sort {
      guard table.sort(by: sort) else {
        throw ValidationError("--sort \(sort): expected one of \(table.columns.joined(separator: ", "))")
      }
    }
    if csv { return try Results.print(table.csv, terminator: "") }
    try Results.print(json ? JSON.text(table.report) : "\(table)")
  }
}
