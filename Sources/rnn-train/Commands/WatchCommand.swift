import ArgumentParser
import Foundation
import Training

struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Follow a run: its curve on a terminal, its lines elsewhere.",
    discussion: """
      Examples:

        rnn-train watch runs/lm
        rnn-train watch runs/lm | tee lm.txt

      It ends when the run does. The run isn't touched: Ctrl-C ends the watching
      alone, and several may watch.
      """)

  @Argument(help: ArgumentHelp("The directory of a run.", valueName: "run"), completion: .directory)
  var directory: String

  private static let interval = 1.0

  func run() throws {
    guard try RunDirectory.holdsRun(at: directory) else { throw TrainingError.holdsNoRun(directory: directory) }
    var view = RunView()
    while true {
      // Looked at first: what is read afterwards is all that an ended run has written.
      let isInUse = RunDirectory.isInUse(directory)
      let run = try ReportedRun(directory)
      try view.show(run, isLast: !isInUse)
      if !isInUse { return }
      Thread.sleep(forTimeInterval: Self.interval)
    }
  }
}
