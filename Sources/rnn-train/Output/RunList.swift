import Configuration
import Files
import Glibc
import Plots
import Presentation
import Training

/// The runs below a directory.
struct RunList: Encodable {
  let runs: [Entry]

  struct Entry: Encodable {
    let directory: String
    let task: String
    let model: String
    let epochsDone: Int
    let epochs: Int
    let state: String
    /// The best epoch's value of the task's measure; nil without a validation.
    let validation: Double?
    /// The same on the test split.
    let test: Double?
    /// What both are: `validation_loss`.
    let measure: String
    /// When it was last heard of: seconds since 1970.
    let seconds: Double?
    /// What people read of the result.
    fileprivate let result: String

    private enum CodingKeys: CodingKey {
      case directory, task, model, epochsDone, epochs, state, validation, test, measure, seconds
    }

    fileprivate init(_ run: ReportedRun) {
      let (task, measure) = (run.configuration.task, run.configuration.task.measure)
      directory = run.directory
      self.task = task.name
      model = run.modelSummary
      epochsDone = run.epochsDone
      epochs = run.configuration.training.epochs
      state = run.state(step: run.step).rawValue
      validation = run.best?[measure.field]
      test = run.metrics.test?[measure.field(on: .test)]
      self.measure = measure.field
      seconds = run.history.sessions.last?.end?.seconds ?? run.metrics.lines.last { $0.seconds != nil }?.seconds
      result =
        run.testFigures.last.map { "test \($0)" } ?? run.validationFigures.last.map { "validation \($0)" } ?? ""
    }
  }

  /// In the order of their paths.
  ///
  /// - Parameter warn: gets what is wrong with a run that can't be read.
  init(below directory: String, warn: (String) -> Void) throws(FileError) {
    var entries: [Entry] = []
    for path in try Self.directories(below: directory, depth: Self.depth) {
      do {
        entries.append(Entry(try ReportedRun(path)))
      } catch {
        warn("\(path): \(error)")
      }
    }
    runs = entries
  }

  /// Nobody keeps runs deeper than this.
  private static let depth = 8

  /// Those that hold a run that has begun. Links aren't followed.
  private static func directories(below directory: String, depth: Int) throws(FileError) -> [String] {
    let names = try Directory.names(in: directory)
    if names.contains(RunDirectory.configurationName), !names.filter(RunDirectory.marks.contains).isEmpty {
      return [directory]
    }
    guard depth > 0 else { return [] }
    var found: [String] = []
    for name in names where !name.hasPrefix(".") {
      let path = directory == "." ? name : Path.join(directory, name)
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, access(path, R_OK | X_OK) == 0 else {
        continue
      }
      found += try directories(below: path, depth: depth - 1)
    }
    return found
  }

  /// - Parameters:
  ///   - now: seconds since 1970.
  ///   - width: of the terminal, of which a run's name takes half at most.
  func table(at now: Double, width: Int) -> String {
    Table(
      ["run", "model", "epochs", "result", "heard of", "state"],
      runs.map { run in
        [
          run.directory.shortened(to: width / 2), run.model, "\(run.epochsDone)/\(run.epochs)", run.result,
          run.seconds.map { Format.age(seconds: now - $0) } ?? "", run.state,
        ]
      }, alignments: [.left, .left, .right, .left, .right, .left]
    ).text(width: width)
  }
}
