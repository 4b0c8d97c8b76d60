import Collectives
import Compute
import Configuration
import Datasets
import Inference
import Keys
import Models
import Presentation

/// Predicts the next token of a text, which is read as streams side by side.
package struct LanguageModel: Task {
  package let name = "language-model"
  package let title = "Language model"
  package let corpusNoun = "text"
  package var template: String { String(decoding: PackageResources.language_model_cfg, as: UTF8.self) }

  package init() {}

  package func objections(to configuration: RunConfiguration) -> [Objection] {
    let model = configuration.model
    var objections: [Objection] = []
    func object(_ key: String, _ reason: String) {
      objections.append(Objection(key: key, reason: reason, otherKeys: ["task"]))
    }
    if model.bidirectional { object("model.bidirectional", "a language model must not see the future") }
    if !model.output.suitsText {
      object("model.output.kind", "\(model.output.name) is for tagging; it is over the tags of a sentence together")
    }
    if model.characters != nil {
      object("model.characters", "is for tagging; a language model's words are those of its vocabulary")
    }
    if model.characterModel != nil {
      object("model.character_model", "is for tagging; a language model of words reads no characters")
    }
    if case .text(let corpus) = configuration.data {
      if corpus.tags != [.upos] { object("data.tags", "is for tagging; a language model has no tags") }
      if corpus.vocabulary.isLowercase {
        object(
          "data.vocabulary.lowercase",
          "is for tagging; a language model's words are what it predicts (bring the text itself into lower case)")
      }
    }
    if configuration.training.tagWeights != nil {
      object("training.tag_weights", "is for tagging; a language model has no tags")
    }
    return objections
  }

  // MARK: its data

  package var usualFormat: any CorpusFormat { PlainText() }

  package func dataset(
    of corpus: RunConfiguration.TextCorpus, format: any CorpusFormat, known: KnownVocabulary?, threads: Int
  ) throws(CorpusError) -> SequenceDataset {
    let sources = try corpus.sources()
    var known = known
    let tokenization: Tokenization
    if let plain = Tokenization(corpus.tokens.kind) {
      tokenization = plain
    } else if let learnt = known?.tokenization {
      tokenization = learnt
    } else {
      let tokenizer = try BytePairTokenizer.trained(on: sources, settings: corpus.vocabulary, threads: threads)
      (tokenization, known) = (.bpe(tokenizer), KnownVocabulary(of: tokenizer))
    }
    return try SequenceDataset.prepare(
      sources, format: format, tokenization: tokenization, vocabulary: corpus.vocabulary, known: known,
      threads: threads)
  }

  package func read(
    _ file: String, format: any CorpusFormat, for model: TrainedModel
  ) throws(CorpusError) -> (sequence: TokenSequence, forms: [String]) {
    (
      try TokenSequence.read(
        CorpusFiles.all(of: file), format: format, model.tokenization, vocabulary: model.vocabulary), []
    )
  }

  package func check(_ dataset: SequenceDataset, for configuration: RunConfiguration) throws {
    if dataset.vocabulary.isLowercase { throw TaskError.lowercaseWords }
    let (training, tokens) = (configuration.training, dataset.splits[.train]?.tokens.count ?? 0)
    guard tokens > training.batchSize * training.bptt else {
      throw TaskError.corpusTooShort(tokens: tokens, streams: training.batchSize, window: training.bptt)
    }
    for split in [Split.validation, .test] {
      guard let tokens = dataset.splits[split]?.tokens.count else { continue }
      let streams = configuration.evaluation.streams
      guard tokens > streams else { throw TaskError.splitTooShort(split, tokens: tokens, streams: streams) }
    }
  }

  // MARK: its model

  package func classes(vocabulary: Vocabulary, tagging: TaggingVocabulary?) -> [Int] { [vocabulary.count] }

  package var carriesState: Bool { true }

  package func minibatches(
    of train: TokenSequence, in dataset: SequenceDataset, _ configuration: RunConfiguration,
    characterModels: CharacterModels?, workers: Workers
  ) throws -> any MinibatchSource {
    let training = configuration.training
    let streams = try StreamBatches(
      train.tokens, streams: training.batchSize, window: training.bptt, direction: configuration.direction)
    let dropout = WordDropout(
      share: configuration.model.wordDropout, unknown: dataset.vocabulary.unknownId, seed: configuration.seed)
    guard let windows = training.randomWindows else { return StreamMinibatches(streams, dropout: dropout) }
    return RandomWindowMinibatches(
      streams,
      RandomWindows.Distribution(
        base: training.bptt, halved: windows.halved, deviation: windows.deviation, shortest: windows.shortest),
      seed: configuration.seed, dropout: dropout)
  }

  /// The first windows of the streams. A short text is read as fewer streams, down to one of a shorter window; the last
  /// window may be shorter than the others, so it doesn't count.
  package func examples(
    of split: TokenSequence, forms: [String], for model: TrainedModel, _ extent: ExampleExtent
  ) throws -> any MinibatchSource {
    let pairs = split.tokens.count - 1
    let streams = max(1, min(extent.sequences, pairs / extent.timesteps))
    let batches = try StreamBatches(
      split.tokens, streams: streams, window: max(1, min(extent.timesteps, pairs / streams)), direction: model.direction
    )
    return StreamMinibatches(batches, limit: min(extent.windows, batches.length / batches.window))
  }

  package func minibatchSize(_ training: RunConfiguration.Training) -> String {
    "\(Format.count(training.batchSize, "stream")) by \(training.randomWindows == nil ? "" : "about ")"
      + Format.count(training.bptt, "timestep")
  }

  // MARK: how it is measured

  package var measure: Measure { .validationLoss }

  package func figures(of value: Double) -> [Quantity] {
    [Quantity("loss", value, text: Format.loss(value)), LanguageEvaluation.perplexity(ofLoss: value)]
  }

  package func figure(ofTrainingLoss loss: Double) -> Quantity? { LanguageEvaluation.perplexity(ofLoss: loss) }

  package var curve: EpochCurve {
    let perplexity = { @Sendable (loss: Double) in LanguageEvaluation.perplexity(ofLoss: loss).value }
    return EpochCurve("Perplexity", unit: "perplexity", training: perplexity, validation: perplexity)
  }

  package func caveat(about split: TokenSequence, vocabulary: Vocabulary) throws -> String? {
    let unknown = try split.tokens.count(of: vocabulary.unknownId)
    return UnknownWords.caveat(Double(unknown) / Double(max(split.tokens.count, 1)))
  }

  package func unknownShare(on split: Split, metrics: (_ field: String) -> Double?) -> Double? {
    metrics(UnknownWords.field(on: split))
  }

  package func facts(on split: Split, metrics: (_ field: String) -> Double?) -> [Fact] {
    ComparedFigure.allCases.compactMap { figure in
      metrics(figure.field(on: split)).map { Fact("\(split.title) \(figure.name)", figure.text($0)) }
    }
  }

  package func caveat(about split: Split, metrics: (_ field: String) -> Double?) -> String? {
    unknownShare(on: split, metrics: metrics).flatMap(UnknownWords.caveat)
  }

  /// Each stream begins without context: a short text is read as fewer of them, a few sentences as one.
  package func evaluation(
    _ settings: RunConfiguration.Evaluation, of text: TokenSequence
  ) -> RunConfiguration.Evaluation {
    var settings = settings
    settings.streams = min(settings.streams, max(1, text.tokens.count / Self.tokensOfAStream))
    return settings
  }

  /// The fewest that a stream of its own is worth.
  private static let tokensOfAStream = 1000

  /// The loss over a split, cut into streams that each begin with the zero state.
  package func evaluate(
    _ model: TrainedModel, on split: TokenSequence, forms: [String], _ configuration: RunConfiguration,
    workers: Workers, ranks: any Communicator, check: () throws -> Void
  ) throws -> any Evaluation {
    try evaluation(
      model, following: Adaptation(), split, configuration.evaluation, workers: workers, ranks: ranks
    ) { _ in try check() }
  }

  package func evaluate(
    _ model: TrainedModel, following adaptation: Adaptation, on split: TokenSequence,
    _ configuration: RunConfiguration, workers: Workers, progress: (_ share: Double) -> Void
  ) throws -> (any Evaluation)? {
    try evaluation(
      model, following: adaptation, split, configuration.evaluation, workers: workers, ranks: Alone(), check: progress)
  }

  private func evaluation(
    _ model: TrainedModel, following adaptation: Adaptation, _ split: TokenSequence,
    _ settings: RunConfiguration.Evaluation, workers: Workers, ranks: any Communicator,
    check: (_ share: Double) throws -> Void
  ) throws -> LanguageEvaluation {
    let streams = settings.streams
    // Unless the parameters change on the way, how many timesteps are read at a time never shows in a result.
    let window = adaptation.dynamic?.segment ?? max(1, Self.evaluatedRows / streams)
    let losses = SharedLosses(streams: streams, timesteps: window, ranks: ranks)
    let batches = try StreamBatches(
      split.tokens, streams: streams, part: losses.own, window: window, direction: model.direction)
    var result = LanguageEvaluation(streams: streams, model.direction, adaptation)
    if losses.own.isEmpty {
      // More ranks than streams.
      for index in 0..<batches.windowCount {
        try check(Double(index) / Double(batches.windowCount))
        result.nats += losses.sum(timesteps: batches.timesteps(inWindow: index)) { _ in 0 }
      }
    } else {
      let minibatches = StreamMinibatches(batches)
      let runner = AdaptiveRunner(model, adaptation, minibatches.capacity, workers: workers)
      var windows = 0
      func checkNext() throws {
        try check(Double(windows) / Double(batches.windowCount))
        windows += 1
      }
      try runner.run(over: minibatches, check: checkNext) { minibatch, index, loss in
        result.nats += losses.sum(timesteps: batches.timesteps(inWindow: index), loss)
        result.targets += minibatch.targetCount
        for row in 0..<minibatch.rows where minibatch.targets[row] == model.vocabulary.unknownId {
          result.unknownTargets += 1
        }
      }
    }
    result.targets = ranks.sum(result.targets)
    result.unknownTargets = ranks.sum(result.unknownTargets)
    result.noteExtent(of: split)
    return result
  }

  /// Rows of a minibatch.
  private static let evaluatedRows = 640

  // MARK: what its models do

  package let sampleTitle = "A sample of what it writes:"

  /// A few lines; one that was cut off says so where it was.
  package func sample(of model: TrainedModel, _ dataset: SequenceDataset) throws -> String {
    var text = ""
    let length = model.tokenization.kind.sampled.sample
    try TextGenerator(model).generate(prompt: "", TextGenerator.Extent(length: length), Sampling()) { text += $0 }
    text = Self.marked(text, by: "...", model.direction)
    return text.split(separator: "\n").joined(separator: "\n")
  }

  /// A text with a mark where it was cut off, if not at the end of a line.
  private static func marked(_ text: String, by mark: String, _ direction: ReadingDirection) -> String {
    switch direction {
    case .forward: text.hasSuffix("\n") ? text : "\(text) \(mark)"
    case .backward: text.hasPrefix("\n") ? text : "\(mark) \(text)"
    }
  }

  package func command(checkpoint: String) -> String { "generate --checkpoint \(checkpoint)" }

  package func generator(of model: TrainedModel, workers: Workers) -> TextGenerator? {
    TextGenerator(model, workers: workers)
  }

  package func scorer(
    of model: TrainedModel, carriesState: Bool, following adaptation: Adaptation, workers: Workers
  ) -> Scorer? {
    Scorer(model, carriesState: carriesState, following: adaptation, workers: workers)
  }

  package let reportTitle = "What the model writes"

  private static let temperatures = [0.5, 0.8, 1.0]

  /// What it writes: the same text each time for the same checkpoint.
  package func report(on subject: ReportSubject) throws -> TaskReport {
    let model = subject.model
    let (_, length, tokens) = model.tokenization.kind.sampled
    var section = ReportSection(
      "What it writes",
      paragraphs: [
        "\(length) \(tokens), drawn from the checkpoint of step \(Format.count(subject.step)) with seed 1. A lower "
          + "temperature prefers what is likelier."
      ])
    let generator = TextGenerator(model)
    section.texts = try Self.temperatures.map { temperature in
      var sampling = Sampling()
      sampling.temperature = temperature
      var text = ""
      try generator.generate(prompt: "", TextGenerator.Extent(length: length), sampling) { text += $0 }
      return ReportSection.Text(
        title: "Temperature \(temperature)", text: Self.marked(text, by: "…", model.direction))
    }
    var report = TaskReport()
    report.sections = [section]
    return report
  }
}

extension TokenKind {
  /// How many tokens make a few lines, how many a report's text, and what they are called.
  fileprivate var sampled: (sample: Int, report: Int, noun: String) {
    switch self {
    case .character, .grapheme: (160, 400, "characters")
    case .word, .whitespace: (30, 80, "words")
    case .bpe: (45, 120, "tokens")
    }
  }
}
