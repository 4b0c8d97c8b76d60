import Configuration
import ConfigurationFiles
import Files
import Foundation
import Keys
import Presentation
import Training

/// A run as it lies in its directory, which may be going on meanwhile.
struct ReportedRun {
  let directory: String
  let configuration: RunConfiguration
  /// The configuration's file.
  let configurationText: String
  let metrics: RunMetrics
  let history: RunHistory
  /// Whether a process trains it now.
  let isInUse: Bool

  /// - Throws: what is wrong with the run's configuration, or why a file can't be read.
  init(_ directory: String) throws {
    let file = RunDirectory.configurationPath(directory)
    self.directory = directory
    configuration = try RunConfiguration.load(path: file, checkFiles: false)
    configurationText = try String(decoding: FileContents.read(file), as: UTF8.self)
    metrics = try RunMetrics(ofRunAt: directory)
    history = try RunHistory(ofRunAt: directory, metrics)
    isInUse = RunDirectory.isInUse(directory)
  }

  /// The directory's name, below the one that it is in: `runs/lm`; of a trial, the sweep's as well.
  var name: String { Self.name(of: directory) }

  static func name(of directory: String) -> String {
    let parts = URL(fileURLWithPath: directory).standardizedFileURL.pathComponents.filter { $0 != "/" }
    return parts.suffix(parts.dropLast().last == "trials" ? 3 : 2).joined(separator: "/")
  }

  var best: RunMetrics.Line? { metrics.bestEpoch(by: configuration.task.measure) }

  /// What the best epoch comes to, the most telling figure last; empty without a validation.
  var validationFigures: [Quantity] {
    best?[configuration.task.measure.field].map(configuration.task.figures) ?? []
  }

  /// The same on the test split; empty as long as it isn't measured.
  var testFigures: [Quantity] {
    metrics.test?[configuration.task.measure.field(on: .test)].map(configuration.task.figures) ?? []
  }

  /// What the model is, in a few words: `lstm, 2 layers of 2 × 48 units`.
  var modelSummary: String {
    let model = configuration.model
    let units =
      switch model.hidden {
      case .same(let count): Format.count(count, "unit")
      case .each(let counts): "\(enumeration(of: counts.map { Format.count($0) }, conjunction: "and")) units"
      }
    let layers = model.layers > 1 ? "\(model.layers) layers of " : ""
    return "\(model.cell.summary), \(layers)\(model.bidirectional ? "2 × " : "")\(units)"
  }

  /// Steps done, as far as the metrics know.
  var step: Int { metrics.last?.step ?? 0 }
  var epochsDone: Int { metrics.epochs.last?.epoch ?? 0 }

  /// What has become of it.
  func state(step: Int) -> RunState {
    let training = configuration.training
    let isOver =
      epochsDone >= training.epochs
      || (training.earlyStopping.map { epochsDone - (best?.epoch ?? epochsDone) >= $0.patience } ?? false)
    if isInUse { return .running }
    if step == 0 { return .untrained }
    if isOver { return epochsDone >= training.epochs ? .done : .stoppedEarly }
    return history.sessions.last?.end?.outcome == .failed ? .failed : .interrupted
  }
}

/// How far a run is.
enum RunState: String {
  case untrained = "not trained yet"
  case running = "under way"
  case interrupted
  case failed
  case stoppedEarly = "stopped early"
  case done
}

extension RunMetrics {
  /// The epoch whose checkpoint is the best one: the first of equals.
  func bestEpoch(by measure: Measure) -> Line? {
    let costs = epochs.compactMap { line in line[measure.field].map { (line, cost: measure.cost(of: $0)) } }
    return costs.min { $0.cost < $1.cost }?.0
  }
}
