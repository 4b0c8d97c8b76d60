import ArgumentParser
import Compute
import Diagnostics
import Files
import Sweeps
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make a page with plots of a run or a sweep, or of runs side by side.",
    discussion: """
      Examples:

        rnn-train report runs/lm
        rnn-train report runs/lm --figures thesis/figures --format pdf
        rnn-train report sweeps/lm --trials --output lm.html
        rnn-train report runs/lm runs/lstm

      The page is one file of HTML, which needs nothing else and no network.
      Of a run it has the result, the curves, the configuration, and what the
      model writes or how it tags; of a sweep its trials and their parameters;
      of several runs what they came to and in what they differ. The runs or
      the sweep may be going on; they aren't touched.
      """)

  @Argument(
    help: ArgumentHelp(
      "The directory of a run or of a sweep, or those of several runs.", valueName: "directory"),
    completion: .directory)
  var directories: [String] = []

  @Option(help: ArgumentHelp("The same as the directory by position.", valueName: "directory"), completion: .directory)
  var checkpoint: String?

  @Option(
    help: ArgumentHelp(
      "Where to write the page; - for standard output. (default: report.html in the directory; of several runs comparison.html)",
      valueName: "report.html"),
    completion: .file(extensions: ["html"]))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write the page's pictures as files to a directory, instead of the page.", valueName: "directory"),
    completion: .directory)
  var figures: String?

  @Option(help: "What kind of files; pdf and png need the program rsvg-convert (Debian: librsvg2-bin). (default: svg)")
  var format: FigureFiles.Format?

  @Flag(help: "Make the pages of a sweep's trials as well, which its own page links to.")
  var trials = false

  @OptionGroup
  var seal: SealOption

  @OptionGroup
  var threads: ThreadOptions

  static let pageName = "report.html"

  static func pagePath(of directory: String) -> String { Path.join(directory, pageName) }

  func validate() throws {
    if let format, figures == nil {
      throw ValidationError("--format \(format.rawValue): is for --figures DIRECTORY; a page is HTML")
    }
    if figures != nil, output != nil { throw ValidationError("expected one of --figures and --output") }
  }

  func run() throws {
    let subjects = try subjects()
    if let figures {
      let page = try page(of: subjects, links: PageLinks(from: nil))
      for path in try FigureFiles(directory: figures, format: format ?? .svg).write(page) { try Results.print(path) }
      return
    }
    if output == "-" {
      return try Results.print(page(of: subjects, links: PageLinks(from: nil)).html(), terminator: "")
    }
    if trials { try writeTrials(of: subjects[0]) }
    let path = output ?? (subjects.count > 1 ? "comparison.html" : Self.pagePath(of: subjects[0]))
    try write(page(of: subjects, links: PageLinks(from: path)), to: path)
    try Results.print(path)
  }

  private func subjects() throws -> [String] {
    guard directories.count > 1 else {
      return [
        try CheckpointOption.one(of: checkpoint, directories.first, "the directory of a run or of a sweep")
      ]
    }
    if let checkpoint { throw ValidationError("--checkpoint \(checkpoint): name all runs by position") }
    for directory in directories where try Self.holdsSweep(directory) {
      throw ValidationError("\(directory): a sweep has a page of its own; side by side stand runs, or trials of sweeps")
    }
    return directories
  }

  private static func holdsSweep(_ directory: String) throws -> Bool {
    try InputFile.ifThere(SweepDirectory.journalPath(directory)) != nil
  }

  private func page(of directories: [String], links: PageLinks) throws -> ReportPage {
    if directories.count == 1, try Self.holdsSweep(directories[0]) {
      return try SweepReport(SweepRecord(of: directories[0]), link: links.link).page
    }
    for directory in directories where try InputFile.ifThere(RunDirectory.configurationPath(directory)) == nil {
      throw ReportError.nothingToReport(directory: directory)
    }
    guard directories.count == 1 else {
      return try ComparisonReport(of: directories.map { try ReportedRun($0) }, link: links.link).page
    }
    return try page(ofRun: directories[0])
  }

  private func page(ofRun directory: String) throws -> ReportPage {
    try RunReport(
      of: directory, seal, kernels: Kernels.chosen(), workers: threads.workers(), Console(isQuiet: false)
    ).page
  }

  private func writeTrials(of sweep: String) throws {
    guard try Self.holdsSweep(sweep) else { throw ValidationError("--trials: \(sweep) holds no sweep") }
    let record = try SweepRecord(of: sweep)
    for trial in record.plan.trials {
      let run = SweepDirectory.runPath(sweep, trial)
      guard try RunDirectory.holdsRun(at: run) else { continue }
      try write(page(ofRun: run), to: Self.pagePath(of: run))
    }
  }

  private func write(_ page: ReportPage, to path: String) throws {
    let html = try page.html()
    // A slip of the hand must not cost a corpus or a checkpoint: only a page is replaced.
    if let old = try OutputOption.file(at: path), try !old.contents().starts(with: html.utf8.prefix(15)) {
      throw OutputOption.refusal(path, "a file that isn't a page")
    }
    try DurableFile.write(Array(html.utf8), to: path)
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
