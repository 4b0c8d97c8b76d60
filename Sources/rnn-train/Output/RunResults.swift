import Compute
import Datasets
import Foundation
import Training

/// What a finished run has come to: a table, a sample of text, and what to do next.
struct RunResults {
  private let facts: [(name: String, value: String)]
  private let sample: String
  private let directory: String

  init(_ run: PreparedRun, _ reporter: ProgressReporter, workers: Workers) throws {
    directory = run.directory.path
    let elapsed = reporter.elapsed
    let path = RunDirectory.checkpointPath(directory)
    let checkpoint = try CheckpointFile.read(path)
    var facts: [(String, String)] = []
    let state = reporter.lastState
    if let best = state.bestEpoch {
      let loss = state.validationLosses[best - 1]
      facts.append(("best epoch", "\(best) of \(state.epoch)"))
      facts.append(("validation loss", Format.loss(loss)))
      facts.append(("validation perplexity", Format.perplexity(Evaluation.perplexity(ofLoss: loss))))
    } else {
      facts.append(("epochs", "\(state.epoch)"))
    }
    if let test = run.dataset.splits[.test] {
      let evaluator = Evaluator(
        try checkpoint.parameters(file: path, kernels: run.kernels), streams: run.configuration.evaluation.streams,
        workers: workers)
      let evaluation = try evaluator.evaluate(test.tokens, unknown: run.dataset.vocabulary.unknownId)
      facts.append(("test loss", Format.loss(evaluation.natsPerTarget)))
      facts.append(("test perplexity", Format.perplexity(evaluation.perplexity)))
    }
    facts.append(("tokens trained", Format.count(reporter.targetsOfWholeEpochs)))
    if reporter.targets > 0 {
      facts.append((run.checkpoint == nil ? "time" : "time since resuming", Format.duration(elapsed)))
      facts.append(("speed", Format.rate(reporter.targets, in: elapsed)))
    }
    self.facts = facts
    sample = try Self.sample(checkpoint, file: path, kernels: run.kernels)
  }

  func print() throws {
    let (program, word) = (Format.shellWord(Self.program), Format.shellWord(directory))
    if StandardStream.output.isTerminal { try Results.print("") }
    try Results.print(
      """
      \(Format.facts(facts))

      A sample of what it writes:

      \(sample)

      Next:

        \(program) generate --checkpoint \(word)
        \(program) evaluate --checkpoint \(word)
      """)
  }

  /// The program as it can be called from here: the name by which it was called, shortened where it lies below.
  private static var program: String {
    let called = CommandLine.arguments[0]
    let here = FileManager.default.currentDirectoryPath + "/"
    return called.hasPrefix(here) ? String(called.dropFirst(here.count)) : called
  }

  /// A few lines, the same each time; one that was cut off at its end says so.
  private static func sample(_ checkpoint: Checkpoint, file: String, kernels: Kernels) throws -> String {
    let generator = try TextGenerator(checkpoint, file: file, kernels: kernels)
    var text = ""
    try generator.generate(
      prompt: "", length: checkpoint.tokenization == .character ? 160 : 30, sampling: Sampling()
    ) { text += $0 }
    if !text.hasSuffix("\n") { text += " ..." }
    return text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
  }
}
