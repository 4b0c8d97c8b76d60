import Compute
import Datasets
import Foundation
import Training

/// What a finished run has come to: a table, a sample of text, and what to do next.
struct RunResults {
  private let facts: [(name: String, value: String)]
  private let sample: String
  private let directory: String
  /// What the model is for.
  private let command: String

  init(_ run: PreparedRun, _ reporter: ProgressReporter, workers: Workers) throws {
    directory = run.directory.path
    let elapsed = reporter.elapsed
    let path = RunDirectory.checkpointPath(directory)
    let checkpoint = try CheckpointFile.read(path, .model)
    var facts: [(String, String)] = []
    let state = reporter.lastState
    if let best = state.bestEpoch {
      let measure = state.validationMeasures[best - 1]
      facts.append(("best epoch", "\(best) of \(state.epoch)"))
      switch run.configuration.task {
      case .languageModel:
        facts.append(("validation loss", Format.loss(measure)))
        facts.append(
          ("validation perplexity", Format.perplexity(LanguageEvaluation.perplexity(ofLoss: measure))))
      case .tagging: facts.append(("validation accuracy", Format.percent(1 - measure)))
      }
    } else {
      facts.append(("epochs", "\(state.epoch)"))
    }
    if let test = run.dataset.splits[.test] {
      let evaluator = try run.configuration.evaluator(
        of: checkpoint.parameters(file: path, kernels: run.kernels), dataset: run.dataset, workers: workers)
      switch try evaluator.evaluate(test) {
      case .language(let evaluation):
        facts.append(("test loss", Format.loss(evaluation.natsPerTarget)))
        facts.append(("test perplexity", Format.perplexity(evaluation.perplexity)))
      case .tagging(let evaluation):
        facts.append(("test accuracy", Format.percent(evaluation.accuracy)))
        if evaluation.unknown.words > 0 {
          facts.append(("on unknown words", Format.percent(evaluation.unknown.accuracy)))
        }
      }
    }
    facts.append(("tokens trained", Format.count(reporter.targetsOfWholeEpochs)))
    if reporter.targets > 0 {
      facts.append((run.isResumed ? "time since resuming" : "time", Format.duration(elapsed)))
      facts.append(("speed", Format.rate(reporter.targets, in: elapsed)))
    }
    self.facts = facts
    let sample = try ModelSample.text(of: checkpoint, file: path, dataset: run.dataset, kernels: run.kernels)
    let lines = sample.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    switch run.configuration.task {
    case .languageModel:
      command = "generate"
      self.sample = """
        A sample of what it writes:

        \(lines)
        """
    case .tagging:
      command = "tag"
      self.sample = """
        A sentence as it tags it:

        \(lines)
        """
    }
  }

  func print() throws {
    let (program, word) = (Format.shellWord(Self.program), Format.shellWord(directory))
    if StandardStream.output.isTerminal { try Results.print("") }
    try Results.print(
      """
      \(Format.facts(facts))

      \(sample)

      Next:

        \(program) \(command) --checkpoint \(word)\(command == "tag" ? " FILE" : "")
        \(program) evaluate --checkpoint \(word)
        \(program) report \(word)
      """)
  }

  /// The program as it can be called from here: the name by which it was called, shortened where it lies below.
  static var program: String {
    let called = CommandLine.arguments[0]
    let here = FileManager.default.currentDirectoryPath + "/"
    return called.hasPrefix(here) ? String(called.dropFirst(here.count)) : called
  }
}
