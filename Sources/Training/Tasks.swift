import Compute
import Configuration
import Datasets
import Models

// What differs from task to task: how a split is read in training, and how it is measured.

extension RunConfiguration {
  /// The minibatches of the train split.
  func minibatches(of dataset: SequenceDataset) throws -> any MinibatchSource {
    let train = try dataset.trainSplit()
    let dropout = WordDropout(self, unknown: dataset.vocabulary.unknownId)
    switch task {
    case .languageModel:
      let batches = try StreamBatches(train.tokens, streams: training.batchSize, window: training.bptt)
      return StreamMinibatches(batches, dropout: dropout)
    case .tagging:
      let tagging = try dataset.taggingVocabulary()
      let spellings = model.characters == nil ? nil : Spellings(of: dataset.forms, in: tagging.characters)
      return SentenceMinibatches(
        TaggedSentences(train, spellings: spellings), size: training.batchSize, seed: seed, dropout: dropout)
    }
  }

  /// What measures splits of a dataset.
  package func evaluator(
    of parameters: Parameters, dataset: SequenceDataset, workers: Workers
  ) throws(TrainingError) -> any SplitEvaluator {
    switch task {
    case .languageModel:
      LanguageEvaluator(
        parameters, streams: evaluation.streams, unknown: dataset.vocabulary.unknownId, workers: workers)
    case .tagging:
      TaggingEvaluator(
        parameters, forms: dataset.forms, tagging: try dataset.taggingVocabulary(), workers: workers)
    }
  }
}

extension SequenceDataset {
  func taggingVocabulary() throws(TrainingError) -> TaggingVocabulary {
    guard let tagging else { throw .noTags }
    if vocabulary.unknownId == nil { throw .noUnknownToken }
    return tagging
  }
}
