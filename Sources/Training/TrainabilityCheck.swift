import Configuration
import Datasets
import Models

extension RunConfiguration {
  /// Finds out whether a run of this configuration could fail later for what the dataset is: before it makes a directory,
  /// and before it trains an epoch only to find that the validation split is too short.
  package func checkTrainable(on dataset: SequenceDataset) throws {
    guard let train = dataset.splits[.train] else {
      throw TrainingError.noSplit(name: "train", remedy: "name its text in data.train")
    }
    _ = try ModelShape(self, vocabulary: dataset.vocabulary)
    _ = try StreamBatches(train.tokens, streams: training.batchSize, window: training.bptt)
    for split in [Split.validation, .test] {
      guard let sequence = dataset.splits[split] else { continue }
      _ = try StreamBatches(sequence.tokens, streams: evaluation.streams, window: 1)
    }
  }
}
