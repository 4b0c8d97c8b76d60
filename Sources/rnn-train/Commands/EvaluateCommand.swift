import ArgumentParser
import Compute
import Datasets
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a model on a split of its corpus, or on other text.",
    discussion: """
      Examples:

        rnn-train evaluate --checkpoint runs/lm
        rnn-train evaluate --checkpoint runs/lm --split validation --json
        rnn-train evaluate --checkpoint runs/lm --data other.txt --streams 1

      The perplexity is exp of the mean loss per target. Text is read as
      several streams side by side, each of which begins with the zero state;
      one stream is the textbook perplexity, and slower.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @Option(help: "The split to measure. (default: test, else validation)")
  var split: Split?

  @Option(help: ArgumentHelp("Text to measure instead of a split.", valueName: "file"))
  var data: String?

  @Option(help: ArgumentHelp("Streams to read the text as. (default: the checkpoint's)", valueName: "n"))
  var streams: Int?

  @OptionGroup
  var threads: ThreadOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if split != nil && data != nil { throw ValidationError("expected one of --split and --data") }
    if let streams, !(1...65_536).contains(streams) {
      throw ValidationError("--streams \(streams): expected a number from 1 to 65536")
    }
  }

  func run() throws {
    let workers = Workers(count: try threads.count())
    let kernels = try Kernels.chosen()
    let (checkpoint, path) = try checkpoint.read()
    let (name, tokens) = try text(of: checkpoint, path: path)
    let evaluator = Evaluator(
      try checkpoint.parameters(file: path, kernels: kernels),
      streams: streams ?? checkpoint.configuration.evaluation.streams, workers: workers)
    let evaluation = try evaluator.evaluate(tokens.tokens, unknown: checkpoint.vocabulary.unknownId)
    let report = LanguageModelReport(evaluation, of: tokens, split: name)
    try Results.print(json ? JSON.text(report) : report.description)
  }

  /// What to measure, and what to call it.
  private func text(of checkpoint: Checkpoint, path: String) throws -> (name: String, TokenSequence) {
    if let data {
      return (data, try TokenSequence.read([data], checkpoint.tokenization, vocabulary: checkpoint.vocabulary))
    }
    let console = Console(isQuiet: false)
    let dataset = try DatasetCache().dataset(for: checkpoint.configuration, notice: console.warn)
    let chosen = split ?? (dataset.splits[.test] != nil ? .test : .validation)
    guard let tokens = dataset.splits[chosen] else {
      throw TrainingError.noSplit(
        name: split?.rawValue ?? "test or validation", remedy: "name a text by --data, or use --split train")
    }
    try checkpoint.checkSource(of: chosen, in: dataset, file: path)
    if split == nil && chosen == .validation {
      console.warn("there is no test split: this is the validation split, by which the checkpoint was chosen")
    }
    return (chosen.rawValue, tokens)
  }
}

extension Split: ExpressibleByArgument {}

/// A language model's evaluation, with the names of its JSON object.
private struct LanguageModelReport: Encodable, CustomStringConvertible {
  let split: String
  let targets: Int
  @NumberOrNull var natsPerTarget: Double
  @NumberOrNull var perplexity: Double
  @NumberOrNull var bitsPerCharacter: Double
  let unknownTargets: Int
  let streams: Int

  init(_ evaluation: Evaluation, of tokens: TokenSequence, split: String) {
    self.split = split
    targets = evaluation.targets
    natsPerTarget = evaluation.natsPerTarget
    perplexity = evaluation.perplexity
    // A split's first tokens are no targets, nor are those that are too few for a timestep of all streams.
    let share = Double(evaluation.targets) / Double(max(tokens.tokens.count, 1))
    bitsPerCharacter = evaluation.bitsPerCharacter(characters: Int((share * Double(tokens.characters)).rounded()))
    unknownTargets = evaluation.unknownTargets
    streams = evaluation.streams
  }

  var description: String {
    Format.facts([
      ("split", split), ("targets", Format.count(targets)), ("nats per target", Format.loss(natsPerTarget)),
      ("perplexity", Format.perplexity(perplexity)), ("bits per character", Format.loss(bitsPerCharacter)),
      ("unknown targets", "\(Format.count(unknownTargets)) (\(Format.percent(unknownTargets, of: targets)))"),
      ("streams", Format.count(streams)),
    ])
  }
}
