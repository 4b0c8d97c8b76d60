import ArgumentParser
import Collectives
import Compute
import Configuration
import Datasets
import Diagnostics
import Files
import Inference
import Presentation
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
        rnn-train evaluate --checkpoint runs/lm --dynamic --cache 2000
        rnn-train evaluate runs/tagger --with runs/tagger-2

      A language model's perplexity is exp of the mean loss per target. Text
      is read as several streams side by side, each of which begins with the
      zero state; one stream is the textbook perplexity, and slower. A model
      that follows the text, by --dynamic, --cache or both, reads it as one
      stream where nothing else is said.

      A tagger is measured on CoNLL-U: accuracy on all words, on those that
      its training split has and on others, precision, recall and F1 of each
      tag, and which tags it takes for which.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @OptionGroup
  var position: RunArgument

  @Option(help: "The split to measure. (default: test, else validation)")
  var split: Split?

  @Option(
    help: ArgumentHelp("Text, or CoNLL-U for a tagger, to measure instead of a split.", valueName: "file"),
    completion: .file())
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Streams to read the text as. (default: the checkpoint's; of --data, one for each 1000 tokens at most)",
      valueName: "n"))
  var streams: Int?

  @OptionGroup
  var ensemble: EnsembleOption

  @OptionGroup(title: "Following the text")
  var adaptation: AdaptationOptions

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
    let workers = try threads.workers()
    let kernels = try Kernels.chosen()
    let seal = checkpoint.seal
    let (checkpoint, path) = try checkpoint.read(position.path)
    var configuration = checkpoint.configuration
    let task = configuration.task
    if streams != nil { try task.requireStreams(for: "--streams") }
    if let streams = streams ?? (adaptation.names.isEmpty ? nil : 1) { configuration.evaluation.streams = streams }
    let model = try checkpoint.model(file: path, kernels: kernels)
    let models = try ensemble.models(model, path: path, seal, kernels: kernels)
    let (name, sequence, forms) = try text(of: checkpoint, path: path, model)
    if data != nil && streams == nil {
      configuration.evaluation = task.evaluation(configuration.evaluation, of: sequence)
    }
    let adaptation = try adaptation.adaptation(of: model, checkpoint, path: path, workers: workers, options.console)
    let progress = ReadingProgress(name, options.console)
    defer { progress.end() }
    let evaluation: (any Evaluation)? =
      if models.count > 1 {
        try task.evaluate(
          together: models, on: sequence, forms: forms, configuration, workers: workers, progress: progress.show)
      } else {
        try task.evaluate(
          model, following: adaptation, on: sequence, configuration, workers: workers, progress: progress.show)
          ?? task.evaluate(
            model, on: sequence, forms: forms, configuration, workers: workers, ranks: Alone(), check: {})
      }
    guard let evaluation else { throw TrainingError.otherTask(file: path, expected: "a tagger") }
    progress.end()
    self.adaptation.noteWorseThanGuessing(loss: evaluation.measured, of: model, options.console)
    let report = evaluation.report(on: name)
    try Results.print(json ? JSON.text(report) : report.description)
  }

  /// What to measure, what to call it, and what its words are spelled as where that matters.
  private func text(
    of checkpoint: Checkpoint, path: String, _ model: TrainedModel
  ) throws -> (name: String, sequence: TokenSequence, forms: [String]) {
    if let data {
      let configuration = checkpoint.configuration
      let (sequence, forms) = try configuration.task.read(data, format: configuration.format, for: model)
      if let notice = sequence.normalizationNotice { options.console.warn("\(data): \(notice)") }
      return (data, sequence, forms)
    }
    let console = options.console
    let candidates = split.map { [$0] } ?? [.test, .validation]
    let (chosen, sequence, dataset): (Split, TokenSequence, SequenceDataset)
    do {
      (chosen, sequence, dataset) = try checkpoint.split(
        candidates, file: path, remedy: "choose by --split, or name a text by --data", console)
    } catch let error as FileError {
      throw CorpusIncomplete(cause: error)
    }
    if split == nil && chosen == .validation {
      console.say("there is no test split: this is the validation split, by which the checkpoint was chosen")
    }
    if let notice = sequence.normalizationNotice { console.warn("\(chosen.rawValue) split: \(notice)") }
    return (chosen.rawValue, sequence, dataset.forms)
  }
}

/// A corpus that a split can't be taken from.
private struct CorpusIncomplete: DiagnosedError {
  let cause: FileError

  var exitCode: Diagnostics.ExitCode { cause.exitCode }
  var description: String {
    "\(cause); a split is taken from the whole corpus; without it, measure a text that you have by --data FILE"
  }
}

extension Split: ExpressibleByArgument {}
