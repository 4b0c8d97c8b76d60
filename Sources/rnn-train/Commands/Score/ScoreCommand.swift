import ArgumentParser
import Compute
import Datasets
import Inference
import Training

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Give each line of a text its log-probability by a language model.",
    discussion: """
      Examples:

        rnn-train score --checkpoint runs/lm sentences.txt
        echo "the queen was small ." | rnn-train score runs/lm --tokens
        rnn-train score --checkpoint runs/lm --json sentences.txt > scores.jsonl
        rnn-train score --checkpoint runs/lm --dynamic --cache 2000 --carry text.txt
        rnn-train score --checkpoint runs/lm --n-best --weight 0.5 scored.txt

      A line has three columns: log-probability, tokens, unknown words. Each
      line is read from its first word on, after the token that ends a sentence,
      with the state reset; its end is predicted, too, and counts as a token. An
      empty line is its end alone. Unknown words are scored as <unk>. A model
      of data.direction backward reads each line from its last word to its first.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @Argument(
    help: ArgumentHelp(
      "The run, unless --checkpoint names it, and the text. (default: standard input, as is -)",
      valueName: "run] [file"),
    completion: .file())
  var paths: [String] = []

  @Option(help: "The logarithms' base.")
  var base = LogarithmBase.e

  @Flag(
    help: "Print each token's log-probability as well, a token a line behind its line's; <unk> marks an unknown one.")
  var tokens = false

  @Flag(help: "Let each line go on where the one before ended, as a text is read; lines are then scored one by one.")
  var carry = false

  @OptionGroup
  var nBest: NBestOptions

  @OptionGroup(title: "Following the text")
  var adaptation: AdaptationOptions

  @Flag(help: "Print a JSON object a line, in nats.")
  var json = false

  @OptionGroup
  var threads: ThreadOptions

  @OptionGroup
  var options: ConsoleOptions

  func validate() throws {
    if json && base != .e { throw ValidationError("--json is in nats: expected no --base \(base.rawValue) with it") }
    if nBest.isList && carry { throw ValidationError("--carry: hypotheses of a list don't go on where others ended") }
    if nBest.isList, let option = adaptation.names.first {
      throw ValidationError("\(option): hypotheses of a list are no text to follow")
    }
    if nBest.isList && tokens && !json {
      throw ValidationError("--tokens: expected --json as well, where the text is a list")
    }
  }

  func run() throws {
    let workers = try threads.workers()
    let kernels = try Kernels.chosen()
    let (checkpoint, path, text) = try checkpoint.read(paths)
    let model = try checkpoint.model(file: path, kernels: kernels)
    if carry, model.direction == .backward { throw GenerationError.readsBackward(option: "--carry") }
    let adaptation = try adaptation.adaptation(of: model, checkpoint, path: path, workers: workers, options.console)
    guard
      let scorer = checkpoint.configuration.task.scorer(
        of: model, carriesState: carry, following: adaptation, workers: workers)
    else {
      throw TrainingError.otherTask(file: path, expected: "a language model")
    }
    let writer = ScoreWriter(model, base: base, tokens: tokens, json: json)
    let normalization =
      try nBest.isList ? rescore(text, model, scorer, writer) : scoreLines(of: text, model, scorer, writer)
    if let notice = normalization.notice { options.console.warn(notice) }
  }

  private func scoreLines(
    of text: TextSource, _ model: TrainedModel, _ scorer: Scorer, _ writer: ScoreWriter
  ) throws -> NormalizationCheck {
    var lines = try TextLines(text, chunkSize: Self.chunkSize)
    var encoder = LineEncoder(model.vocabulary, model.tokenization, file: lines.name)
    var summary = ScoreSummary(model, base)
    summary.conventions(of: scorer).forEach(options.console.say)
    while let chunk = try lines.next() {
      var encoded: [TokenLine] = []
      for line in chunk { encoded.append(try encoder.encode(line)) }
      let scores = try scorer.score(encoded)
      try Results.print(scores.map(writer.text).joined(), terminator: "")
      scores.forEach { summary.add($0) }
    }
    options.console.say(summary.text)
    if let loss = summary.loss { adaptation.noteWorseThanGuessing(loss: loss, of: model, options.console) }
    return encoder.normalization
  }

  /// Bytes of text that are scored at a time: enough lines to find some of similar length, few enough to see results soon.
  private static let chunkSize = 1 << 18

  /// Nothing is printed before the whole list is read.
  private func rescore(
    _ text: TextSource, _ model: TrainedModel, _ scorer: Scorer, _ writer: ScoreWriter
  ) throws -> NormalizationCheck {
    let (list, lines, normalization) = try nBest.read(text, model, base, options.console)
    let rescoring = Rescoring(list, try scorer.score(lines), weight: nBest.weight ?? 1) {
      base.value(ofNats: $0.logProbability)
    }
    for utterance in list.utterances {
      let chosen = nBest.chosen(of: rescoring, utterance)
      try Results.print(
        chosen.map { try writer.text(of: rescoring, $0, utterance, withScore: nBest.all) }.joined(), terminator: "")
    }
    return normalization
  }
}
