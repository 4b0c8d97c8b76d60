import Collectives
import Compute
import Configuration
import Datasets
import Files
import Foundation
import Presentation
import Training

/// What a finished run has come to: a table, a sample of text, and what to do next.
struct RunResults {
  private let facts: [Fact]
  private let sample: String
  private let directory: String
  private let task: any Task
  /// Whether there is a split for `evaluate` to measure on.
  private let canBeEvaluated: Bool
  /// What the model comes to on the test split, where the run stands, and the step of the checkpoint that has the model.
  private let test: (evaluation: any Evaluation, state: TrainingState, step: Int)?

  init(_ run: PreparedRun, in runDirectory: RunDirectory, _ reporter: ProgressReporter, workers: Workers) throws {
    directory = runDirectory.currentPath
    let elapsed = reporter.elapsed
    let chosen = try runDirectory.chosenCheckpoint()
    let path = chosen.file.path
    let checkpoint = try CheckpointFile.read(chosen.file, .model)
    let model = try checkpoint.model(file: path, kernels: run.kernels)
    let task = run.configuration.task
    self.task = task
    canBeEvaluated = run.dataset.splits[.test] != nil || run.dataset.splits[.validation] != nil
    var facts: [Fact] = []
    let state = reporter.lastState
    if let best = state.bestEpoch {
      facts.append(Fact("best epoch", "\(best) of \(state.epoch)"))
      let value = task.measure.value(ofCost: state.validationMeasures[best - 1])
      facts += task.figures(of: value).map { Fact("validation \($0.name)", $0.text) }
      let validation = run.dataset.splits[.validation]
      if let caveat = try validation.flatMap({ try task.caveat(about: $0, vocabulary: run.dataset.vocabulary) }) {
        facts.append(Fact("validation notice", caveat))
      }
    } else {
      facts.append(Fact("epochs", "\(state.epoch)"))
    }
    test = try run.dataset.splits[.test].map { split in
      let evaluation = try task.evaluate(
        model, on: split, forms: run.dataset.forms, run.configuration, workers: workers, ranks: Alone(), check: {})
      return (evaluation, state, checkpoint.state.step)
    }
    if let test { facts += test.evaluation.results(on: Split.test.rawValue) }
    if let notice = chosen.notice { facts.append(Fact("notice", notice)) }
    facts.append(Fact("tokens trained", Format.count(reporter.targetsOfWholeEpochs)))
    if reporter.targets > 0 {
      facts.append(Fact(run.isResumed ? "time since resuming" : "time", Format.duration(elapsed)))
      facts.append(Fact("speed", Format.rate(reporter.targets, in: elapsed)))
    }
    self.facts = facts
    // A terminal breaks lines within words.
    let width = StandardStream.output.width.map { $0 - 2 } ?? .max
    let lines = try task.sample(of: model, run.dataset).split(separator: "\n")
      .flatMap { $0.columns <= width ? [String($0)] : Format.wrapped(String($0), to: width) }.map { "  " + $0 }
    sample = """
      \(task.sampleTitle)

      \(lines.joined(separator: "\n"))
      """
  }

  /// Writes down what isn't in the run's directory yet.
  func keep(in directory: RunDirectory, _ console: Console) {
    guard let test else { return }
    do throws(FileError) {
      try directory.record(test.evaluation, at: test.state, ofCheckpointAt: test.step)
    } catch {
      console.warn("the test result isn't kept: \(error)")
    }
  }

  func print() throws {
    let (program, word) = (Format.shellWord(Self.program), Format.shellWord(directory))
    if StandardStream.output.isTerminal { try Results.print("") }
    let evaluation = "evaluate --checkpoint \(word)" + (canBeEvaluated ? "" : " --data FILE")
    try Results.print(
      """
      \(Format.facts(facts.map { ($0.name, $0.value) }))

      \(sample)

      Next:

        \(program) \(task.command(checkpoint: word))
        \(program) \(evaluation)
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
