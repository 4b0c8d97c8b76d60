import ArgumentParser
import Compute
import Diagnostics
import Files
import Sweeps
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make a page with plots of a run or a sweep.",
    discussion: """
      Examples:

        rnn-train report runs/lm
        rnn-train report sweeps/lm --output lm.html

      The page is one file of HTML, which needs nothing else and no network.
      Of a run it has the curves, the configuration, and what the model
      writes or how it tags; of a sweep its trials and their parameters. The
      run or sweep may be going on; it isn't touched.
      """)

  @Argument(
    help: ArgumentHelp("The directory of a run or of a sweep.", valueName: "directory"), completion: .directory)
  var directory: String?

  @Option(help: ArgumentHelp("The same as the directory by position.", valueName: "directory"), completion: .directory)
  var checkpoint: String?

  @Option(
    help: ArgumentHelp(
      "Where to write the page; - for standard output. (default: report.html in the directory)",
      valueName: "report.html"),
    completion: .file(extensions: ["html"]))
  var output: String?

  @OptionGroup
  var seal: SealOption

  @OptionGroup
  var threads: ThreadOptions

  func run() throws {
    let directory = try CheckpointOption.one(of: checkpoint, directory, "the directory of a run or of a sweep")
    let page = try page(of: directory)
    if output == "-" { return try Results.print(page, terminator: "") }
    let path = output ?? Path.join(directory, "report.html")
    // A slip of the hand must not cost a corpus or a checkpoint: only a page is replaced.
    if let old = try OutputOption.file(at: path), try !old.contents().starts(with: page.utf8.prefix(15)) {
      throw OutputOption.refusal(path, "a file that isn't a page")
    }
    try DurableFile.write(Array(page.utf8), to: path)
    try Results.print(path)
  }

  private func page(of directory: String) throws -> String {
    if try InputFile.ifThere(SweepDirectory.journalPath(directory)) != nil {
      return try SweepReport(SweepRecord(of: directory)).page()
    }
    guard try InputFile.ifThere(RunDirectory.configurationPath(directory)) != nil else {
      throw ReportError.nothingToReport(directory: directory)
    }
    return try RunReport(
      of: directory, seal, kernels: Kernels.chosen(), workers: threads.workers(), Console(isQuiet: false)
    ).page()
  }
}

/// What keeps a report from being made.
enum ReportError: DiagnosedError {
  case nothingToReport(directory: String)

  var exitCode: Diagnostics.ExitCode { .badInput }

  var description: String {
    switch self {
    case .nothingToReport(let directory):
      "\(directory): expected the directory of a run, with config.cfg in it, or of a sweep, with journal.jsonl"
    }
  }
}
