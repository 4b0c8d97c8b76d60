import ArgumentParser
import Files
import Foundation
import Presentation
import Training

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "List the runs below a directory: how far they are, and what they have come to.",
    discussion: """
      Examples:

        rnn-train runs
        rnn-train runs sweeps/lm
        rnn-train runs --json > runs.json
      """)

  @Argument(help: ArgumentHelp("Where to look.", valueName: "directory"), completion: .directory)
  var directory = "."

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let list = try RunList(below: directory) { Console(isQuiet: false).warn($0) }
    if json { return try Results.print(JSON.text(list)) }
    guard !list.runs.isEmpty else { return Console(isQuiet: false).say("no runs below \(directory)") }
    try Results.print(list.table(at: Date().timeIntervalSince1970, width: StandardStream.output.width ?? .max))
  }
}
