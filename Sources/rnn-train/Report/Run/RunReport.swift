import Compute
import Configuration
import Files
import Presentation
import Training

/// A run as a page. It is read as it lies there, and may be going on meanwhile.
struct RunReport {
  let page: ReportPage

  /// - Throws: what is wrong with the run's configuration. What else can't be read is said on the page.
  init(of directory: String, _ seal: SealOption, kernels: Kernels, workers: Workers, _ console: Console) throws {
    let run = try ReportedRun(directory)
    let contents = try RunContents(of: directory, probe: FileProbe.check)
    var notices = try Self.notices(of: run.metrics, in: directory)

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
      let task = run.configuration.task
      let subject = Result {
        ReportSubject(
          try checkpoint.model(file: path, kernels: kernels), step: checkpoint.state.step, workers: workers
        ) { try checkpoint.split($0, file: path, remedy: $1, console) }
      }
      include(task.reportTitle) { part = try task.report(on: subject.get()) }
      include("The network") { part.sections.append(.lecture(of: try subject.get().model)) }
      include("How far gradients reach") {
        part.sections.append(try .gradientFlow(of: subject.get(), checkpoint.configuration))
      }
    }
    let result = ReportSection.result(
      of: run, checkpoint: checkpoint?.checkpoint, lastStep: contents.checkpoints.last?.step, taskFacts: part.facts)
    var sections = [result, .curves(of: run)] + part.sections
    if let sessions = ReportSection.sessions(of: run) { sections.append(sessions) }
    page = ReportPage(
      title: Self.title(of: run), heading: run.name,
      lead: Self.lead(run, parameters: checkpoint?.checkpoint.parameters.reduce(0) { $0 + $1.elementCount }),
      notices: notices, sections: sections + [.configuration(of: run)])
  }

  /// What tells it from other runs' pages in a row of tabs.
  private static func title(of run: ReportedRun) -> String {
    let figure = run.testFigures.last.map { "test \($0)" } ?? run.validationFigures.last.map { "validation \($0)" }
    return ["\(run.name): \(run.configuration.task.title.lowercased())", run.modelSummary, figure]
      .compactMap(\.self).joined(separator: ", ")
  }

  private static func lead(_ run: ReportedRun, parameters: Int?) -> String {
    let optimizer = run.configuration.training.optimizer
    let parts = [
      run.configuration.task.title, run.modelSummary, parameters.map { "\(Format.count($0)) parameters" },
      "\(optimizer.name), learning rate \(optimizer.learningRate)",
    ]
    return parts.compactMap(\.self).joined(separator: " · ")
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

extension ReportSection {
  /// How the run went.
  fileprivate static func curves(of run: ReportedRun) -> ReportSection {
    var section = ReportSection("Curves")
    section.panels = RunCurves(run).figures.map(Panel.figure)
    if section.panels.isEmpty {
      section.paragraphs = ["There are no metrics yet: they begin with the hundredth step."]
    }
    if !run.metrics.epochs.isEmpty { section.panels.append(.wideTable(.epochs(of: run))) }
    return section
  }
}
