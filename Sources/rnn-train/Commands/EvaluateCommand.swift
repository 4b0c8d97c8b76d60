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

      A language model's perplexity is exp of the mean loss per target. Text
      is read as several streams side by side, each of which begins with the
      zero state; one stream is the textbook perplexity, and slower.

      A tagger is measured on CoNLL-U: accuracy on all words, on those that
      its training split has and on others, precision, recall and F1 of each
      tag, and which tags it takes for which.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @Option(help: "The split to measure. (default: test, else validation)")
  var split: Split?

  @Option(
    help: ArgumentHelp("Text, or CoNLL-U for a tagger, to measure instead of a split.", valueName: "file"),
    completion: .file())
  var data: String?

  @Option(help: ArgumentHelp("Streams to read the text as. (default: the checkpoint's)", valueName: "n"))
  var streams: Int?

  @OptionGroup
  var threads: ThreadOptions

  @OptionGroup
  var options: ConsoleOptions

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
    if checkpoint.tagging != nil, streams != nil {
      throw ValidationError("--streams is for language models; a tagger reads sentence by sentence")
    }
    let (name, tokens, forms) = try text(of: checkpoint, path: path)
    let parameters = try checkpoint.parameters(file: path, kernels: kernels)
    let evaluator: any SplitEvaluator =
      if let tagging = checkpoint.tagging {
        TaggingEvaluator(parameters, forms: forms, tagging: tagging, workers: workers)
      } else {
        LanguageEvaluator(
          parameters, streams: streams ?? checkpoint.configuration.evaluation.streams,
          unknown: checkpoint.vocabulary.unknownId, workers: workers)
      }
    switch try evaluator.evaluate(tokens) {
    case .language(let evaluation): try show(LanguageModelReport(evaluation, of: tokens, split: name))
    case .tagging(let evaluation): try show(TaggingReport(evaluation, split: name))
    }
  }

  private func show(_ report: some Encodable & CustomStringConvertible) throws {
    try Results.print(json ? JSON.text(report) : report.description)
  }

  /// What to measure, and what to call it; for a tagger the forms of its words too.
  private func text(
    of checkpoint: Checkpoint, path: String
  ) throws -> (name: String, TokenSequence, forms: [String]) {
    if let data {
      if let tagging = checkpoint.tagging {
        let (words, forms) = try TokenSequence.readTreebank(
          [data], vocabulary: checkpoint.vocabulary, tagging: tagging)
        return (data, words, forms)
      }
      return (data, try TokenSequence.read([data], checkpoint.tokenization, vocabulary: checkpoint.vocabulary), [])
    }
    let console = options.console
    let (chosen, tokens, forms) = try checkpoint.split(
      split.map { [$0] } ?? [.test, .validation], file: path, remedy: "name a text by --data, or use --split train",
      console)
    if split == nil && chosen == .validation {
      console.say("there is no test split: this is the validation split, by which the checkpoint was chosen")
    }
    return (chosen.rawValue, tokens, forms)
  }
}

extension Split: ExpressibleByArgument {}
