import Collectives
import Compute
import Configuration
import Datasets
import Inference
import Keys
import Models
import Presentation

/// Predicts a tag for every word of a sentence.
package struct Tagging: Task {
  package let name = "tagging"
  package let title = "Tagger"
  package let corpusNoun = "treebank"
  package var template: String { String(decoding: PackageResources.tagging_cfg, as: UTF8.self) }

  package init() {}

  package func objections(to configuration: RunConfiguration) -> [Objection] {
    let model = configuration.model
    var objections: [Objection] = []
    func object(_ key: String, _ reason: String, _ otherKeys: [String] = ["task"]) {
      objections.append(Objection(key: key, reason: reason, otherKeys: otherKeys))
    }
    if model.tieEmbeddings {
      object("model.tie_embeddings", "a tagger's output layer has tags, not the tokens of the embedding")
    }
    if configuration.training.randomWindows != nil {
      object("training.random_windows", "is for language models; a tagger reads sentences whole")
    }
    if configuration.direction != .forward {
      object("data.direction", "is for language models; a tagger reads sentences whole")
    }
    if !model.output.suitsTags {
      object("model.output.kind", "\(model.output.name) is for language models; tags are too few for it")
    }
    if !configuration.format.hasTags {
      object("data.format", "\(configuration.format.title) has no tags, which a tagger learns")
    }
    if let pair = model.characterModel {
      if pair.models.isEmpty { object("model.character_model", "needs forward, backward or both", []) }
      if case .synthetic = configuration.data {
        object("model.character_model", "reads words; synthetic ids are none", ["data.synthetic"])
      }
    }
    if case .text(let corpus) = configuration.data {
      if !configuration.format.hasSeveralTags, corpus.tags.count > 1 || corpus.tags == [.feats] {
        object(
          "data.tags",
          "\(configuration.format.title) has one tag for each word, and no column of that name; leave tags out",
          ["data.format"])
      }
      if let weights = configuration.training.tagWeights, weights.count != corpus.tags.count {
        objections.append(configuration.training.objection(toWeightsOf: corpus.tags.count))
      }
    }
    return objections
  }

  // MARK: its data

  package var usualFormat: any CorpusFormat { CoNLLU() }

  package var learnsTags: Bool { true }

  package func dataset(
    of corpus: RunConfiguration.TextCorpus, format: any CorpusFormat, known: KnownVocabulary?, threads: Int
  ) throws(CorpusError) -> SequenceDataset {
    try SequenceDataset.prepareTagged(
      try corpus.sources(), format: format, tags: corpus.tags, vocabulary: corpus.vocabulary, known: known)
  }

  package func read(
    _ file: String, format: any CorpusFormat, for model: TrainedModel
  ) throws(CorpusError) -> (sequence: TokenSequence, forms: [String]) {
    // Without tags nothing is right or wrong.
    guard let tagging = model.tagging else { throw .noTags(column: format.title(of: .upos), paths: [file]) }
    return try TokenSequence.readTagged(
      CorpusFiles.all(of: file), format: format, vocabulary: model.vocabulary, tagging: tagging)
  }

  package func check(_ dataset: SequenceDataset, for configuration: RunConfiguration) throws {
    _ = try vocabulary(of: dataset)
  }

  private func vocabulary(of dataset: SequenceDataset) throws(TaskError) -> TaggingVocabulary {
    guard let tagging = dataset.tagging else { throw .noTags }
    if dataset.vocabulary.unknownId == nil { throw .noUnknownToken }
    return tagging
  }

  // MARK: its model

  package func classes(vocabulary: Vocabulary, tagging: TaggingVocabulary?) throws(TaskError) -> [Int] {
    guard let tagging else { throw .noTags }
    return tagging.columns.map(\.tags.count)
  }

  package var carriesState: Bool { false }

  package func minibatches(
    of train: TokenSequence, in dataset: SequenceDataset, _ configuration: RunConfiguration,
    characterModels: CharacterModels?, workers: Workers
  ) throws -> any MinibatchSource {
    let tagging = try vocabulary(of: dataset)
    let context = try characterModels?.context(
      of: train, forms: dataset.forms, trainsOn: configuration.model.trainsCharacterModels, keeps: true,
      workers: workers)
    let sentences = try TaggedSentences(
      train, forms: dataset.forms, characters: configuration.model.characters == nil ? nil : tagging.characters,
      features: context?.features, readings: context?.readings ?? [])
    return try SentenceMinibatches(
      sentences, size: configuration.training.batchSize, seed: configuration.seed,
      dropout: WordDropout(
        share: configuration.model.wordDropout, unknown: dataset.vocabulary.unknownId, seed: configuration.seed))
  }

  /// The longest sentences that are not too long.
  package func examples(
    of split: TokenSequence, forms: [String], for model: TrainedModel, _ extent: ExampleExtent
  ) throws -> any MinibatchSource {
    let sentences = try model.sentences(split, forms: forms, keeps: true, workers: Workers(count: 1))
    let lengths = sentences.lengths
    let fitting = lengths.indices.filter { 0 < lengths[$0] && lengths[$0] <= extent.timesteps }
      .sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    guard !fitting.isEmpty else { throw TaskError.noShortSentence(words: extent.timesteps) }
    return ChosenSentences(
      sentences, chosen: Array(fitting.prefix(extent.windows * extent.sequences)),
      size: extent.sequences)
  }

  package func minibatchSize(_ training: RunConfiguration.Training) -> String {
    Format.count(training.batchSize, "sentence")
  }

  // MARK: how it is measured

  /// What a tagger is for is not its loss.
  package let measure = Measure(
    TaggingEvaluation.quantity, on: .validation, name: "validation accuracy",
    label: "validation accuracy (share of words)",
    goal: .maximize, text: Format.percent)

  package func figures(of value: Double) -> [Quantity] { [TaggingEvaluation.accuracy(value)] }

  package var curve: EpochCurve {
    EpochCurve("Accuracy", unit: "accuracy (% of words)", training: nil, leastExtent: 2) { 100 * $0 }
  }

  package func evaluate(
    _ model: TrainedModel, on split: TokenSequence, forms: [String], _ configuration: RunConfiguration,
    workers: Workers, ranks: any Communicator, check: () throws -> Void
  ) throws -> any Evaluation {
    guard let tagging = model.tagging else { throw TaskError.noTags }
    let minibatches = try SentenceMinibatches(
      model.sentences(split, forms: forms, keeps: true, workers: workers), size: Self.evaluatedSentences)
    let runner = ModelRunner(
      model.parameters, minibatches.capacity, carriesState: carriesState, predicts: true, workers: workers)
    var result = TaggingEvaluation(
      tagging.columns, foreign: split.foreignTags, weights: configuration.training.tagWeights)
    let shared = SharedPredictions(
      words: minibatches.capacity.timeline.rows, outputs: tagging.columns.count,
      decoder: TagDecoder(tagging, output: model.parameters.shape.output), ranks: ranks)
    for first in stride(from: 0, to: minibatches.count, by: ranks.count) {
      try check()
      let own = first + ranks.rank
      if own < minibatches.count {
        try runner.run {
          try minibatches.fill($0, index: own)
        } read: { model in
          shared.put(
            model, try minibatches.words(ofMinibatch: own), sentences: minibatches.sentences(ofMinibatch: own).count)
        }
      }
      shared.share()
      for index in first..<min(first + ranks.count, minibatches.count) {
        result.addLosses(shared.losses(ofRank: index - first))
        let words = try minibatches.words(ofMinibatch: index)
        for b in 0..<minibatches.sentences(ofMinibatch: index).count {
          for position in words[b] {
            result.add(
              tags: words.tags.map { $0[position] },
              predicted: shared.predictions(ofRank: index - first, word: position),
              isKnown: words.forms.map { $0[position] < tagging.trainingWords.count } ?? true)
          }
          result.endSentence()
        }
      }
    }
    return result
  }

  /// Losses are those of the words by themselves, by the means of the probabilities; of a conditional random field as well, whose
  /// loss alone is that of a sentence's tags together.
  package func evaluate(
    together models: [TrainedModel], on split: TokenSequence, forms: [String], _ configuration: RunConfiguration,
    workers: Workers, progress: (_ share: Double) -> Void
  ) throws -> (any Evaluation)? {
    guard let tagger = Tagger(models, workers: workers), let numbers = try split.forms?.all() else {
      throw TaskError.noTags
    }
    let (tags, decoder) = (try split.tags.map { try $0.all() }, tagger.decoder)
    var result = TaggingEvaluation(
      tagger.columns, foreign: split.foreignTags, weights: configuration.training.tagWeights)
    let ranges = try split.sentenceRanges()
    for first in stride(from: 0, to: ranges.count, by: Self.sentencesTogether) {
      progress(Double(first) / Double(ranges.count))
      let ranges = ranges[first..<min(first + Self.sentencesTogether, ranges.count)]
      let read = tagger.read(ranges.map { $0.map { forms[Int(numbers[$0])] } }) { word, sentence, place in
        let position = ranges[first + sentence].lowerBound + place
        let losses = tags.enumerated().map { column, tags in
          tags[position] < 0 ? 0 : -word.logProbability(of: tags[position], column: column)
        }
        return (predicted: decoder.tags(word), losses: losses)
      }
      for (range, words) in zip(ranges, read) {
        for (position, word) in zip(range, words) {
          result.addLosses(word.losses)
          result.add(
            tags: tags.map { $0[position] }, predicted: word.predicted.map(Int.init),
            isKnown: Int(numbers[position]) < tagger.trainingWords)
        }
        result.endSentence()
      }
    }
    return result
  }

  /// Sentences that several models read between two reports of their progress.
  private static let sentencesTogether = 512

  /// Sentences of a minibatch: how many are read at a time never shows in a result.
  private static let evaluatedSentences = 32

  // MARK: what its models do

  package let sampleTitle = "A sentence as it tags it:"

  package func sample(of model: TrainedModel, _ dataset: SequenceDataset) throws -> String {
    guard let tagging = model.tagging, let tagger = Tagger(model, workers: Workers(count: 1)) else {
      throw TaskError.noTags
    }
    return try TaggedSample(of: dataset, columns: tagging.columns).text(by: tagger)
  }

  package func command(checkpoint: String) -> String { "tag --checkpoint \(checkpoint) FILE" }

  package func tagger(of models: [TrainedModel], workers: Workers) -> Tagger? { Tagger(models, workers: workers) }

  package let reportTitle = "How the model tags"

  package func report(on subject: ReportSubject) throws -> TaskReport {
    // As the run itself measures.
    let (name, split, dataset) = try subject.split([.validation, .test], "a tagger is measured on one")
    return TaggingSection(
      try TaggedSplit(split, of: dataset, by: subject.model, workers: subject.workers), name: name, step: subject.step
    ).report
  }
}
