import ArgumentParser
import Datasets
import Glibc
import HDF5
import Training

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a dataset, a checkpoint or a run directory holds.",
    discussion: """
      Examples:

        rnn-train inspect runs/lm
        rnn-train inspect runs/lm/checkpoints/best.h5
        rnn-train inspect english.h5 --json
      """)

  @Argument(help: ArgumentHelp("A dataset, a checkpoint or a run directory.", valueName: "path"))
  var path: String

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let report = try Self.report(on: path)
    try Results.print(json ? JSON.text(report) : report.description)
  }

  private static func report(on path: String) throws -> any Encodable & CustomStringConvertible {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return try RunInspection(path) }
    try FileProbe.check(path)
    let format = try HDF5File.open(path) { root in
      try root.hasAttribute("format") ? root.stringAttribute("format") : ""
    }
    // A file of another kind gets the message of a reader that expected this one.
    if format == DatasetFile.format { return DatasetInspection(try DatasetSummary(of: path)) }
    return CheckpointInspection(try CheckpointFile.read(path), bytes: Int(status.st_size))
  }
}
