import Compute
import Configuration
import ConfigurationFiles
import Files
import Foundation
import Keys
import Presentation
import Training

/// A run as a page. It is read as it lies there, and may be going on meanwhile.
struct RunReport {
  let title: String
  let lead: String
  let notices: [String]
  let facts: [Fact]
  let curves: [Figure]
  let sections: [ReportPage.Section]
  let configuration: String

  /// - Throws: what is wrong with the run's configuration. What else can't be read is said on the page.
  init(of directory: String, _ seal: SealOption, kernels: Kernels, workers: Workers, _ console: Console) throws {
    let file = RunDirectory.configurationPath(directory)
    let configuration = try RunConfiguration.load(path: file, checkFiles: false)
    let contents = try RunContents(of: directory, probe: FileProbe.check)
    let metrics = try RunMetrics(ofRunAt: directory)
    var notices = try Self.notices(of: metrics, in: directory)

    var checkpoint: (checkpoint: Checkpoint, path: String)?
    if !contents.checkpoints.isEmpty {
      do {
        // The best one, else the last.
        let chosen = try ChosenCheckpoint(directory, acceptsLostSeal: seal.acceptLostSeal, probe: FileProbe.check)
        if let notice = chosen.notice { notices.append("\(notice).") }
        checkpoint = (try seal.read(chosen.file), chosen.file.path)
      } catch {
        notices.append("The checkpoint can’t be read: \(error)")
      }
    }
    var part = TaskReport()
    // Before its first step a model has nothing to show.
    if let (checkpoint, path) = checkpoint, checkpoint.state.step > 0 {
      /// A part of the page; why there is none is said instead.
      func include(_ name: String, _ make: () throws -> Void) {
        do {
          try make()
        } catch {
          notices.append("\(name) can’t be shown: \(error)")
        }
      }
      let task = configuration.task
      let subject = Result {
        ReportSubject(
          try checkpoint.model(file: path, kernels: kernels), step: checkpoint.state.step, workers: workers
        ) { try checkpoint.split($0, file: path, remedy: $1, console) }
      }
      include(task.reportTitle) { part = try task.report(on: subject.get()) }
      include("How far gradients reach") {
        part.sections.append(try .gradientFlow(of: subject.get(), checkpoint.configuration))
      }
    }
    sections = part.sections.map { ReportPage.Section($0) }
    title = Self.name(of: directory)
    lead = Self.lead(configuration, parameters: checkpoint?.checkpoint.parameters.reduce(0) { $0 + $1.elements.count })
    let progress = RunProgress(configuration, metrics: metrics, lastStep: contents.checkpoints.last?.step)
    let origin = checkpoint?.checkpoint.origin.map { [Fact("Began with", $0.summary)] }
    facts = progress.facts + (origin ?? []) + part.facts
    curves = RunCurves(metrics, configuration: configuration).figures
    self.notices = notices
    self.configuration = try String(decoding: FileContents.read(file), as: UTF8.self)
  }

  func page() throws -> String { try ReportPage.render(title: title, self, template: .run) }

  /// The last part of a path, or what `.` and the like stand for.
  static func name(of directory: String) -> String { URL(fileURLWithPath: directory).lastPathComponent }

  private static func lead(_ configuration: RunConfiguration, parameters: Int?) -> String {
    let (model, training) = (configuration.model, configuration.training)
    let layers = model.layers == 1 ? "one layer" : "\(model.layers) layers"
    let parts = [
      configuration.task.title, model.cell.summary,
      "\(layers) of \(model.bidirectional ? "2 × " : "")\(units(of: model))",
      parameters.map { "\(Format.count($0)) parameters" },
      "\(training.optimizer.name), learning rate \(training.optimizer.learningRate)",
    ]
    return parts.compactMap(\.self).joined(separator: " · ")
  }

  private static func units(of model: RunConfiguration.Model) -> String {
    switch model.hidden {
    case .same(let count): Format.count(count, "unit")
    case .each(let counts): "\(enumeration(of: counts.map { Format.count($0) }, conjunction: "and")) units"
    }
  }

  private static func notices(of metrics: RunMetrics, in directory: String) throws -> [String] {
    var notices: [String] = []
    let diverged = try Directory.names(in: directory).filter {
      $0.hasPrefix("diverged-") && $0.hasSuffix(".txt")
    }
    if !diverged.isEmpty {
      notices.append("The run has diverged; what it was reading then is in \(diverged.joined(separator: ", ")).")
    }
    let gaps = metrics.lines.count { $0.kind == .train && ($0.loss == nil || $0.gradientNorm == nil) }
    if gaps > 0 {
      let lines =
        gaps == 1
        ? "1 line of metrics has a value that isn’t a number"
        : "\(Format.count(gaps)) lines of metrics have values that aren’t numbers"
      notices.append("\(lines); the curves have gaps there.")
    }
    if metrics.unreadable > 0 {
      notices.append("Left out of metrics.jsonl, being no lines of a run’s: \(Format.count(metrics.unreadable)).")
    }
    return notices
  }
}
