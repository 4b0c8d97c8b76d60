import ArgumentParser
import Datasets
import Training

/// The model that a command uses.
struct CheckpointOption: ParsableArguments {
  @Option(
    name: .customLong("checkpoint"),
    help: ArgumentHelp(
      "A checkpoint, or the directory of a run: its best checkpoint, else its last.", valueName: "path"),
    completion: .file())
  var path: String

  /// The checkpoint and the file it is from.
  func read() throws -> (checkpoint: Checkpoint, path: String) { try Self.read(path) }

  /// - Parameter path: a checkpoint, or the directory of a run.
  static func read(_ path: String) throws -> (checkpoint: Checkpoint, path: String) {
    let file = RunDirectory.checkpointPath(path)
    try FileProbe.check(file)
    return (try CheckpointFile.read(file, .model), file)
  }
}

extension Checkpoint {
  /// The first of some splits that there is of the corpus that the run was trained on, unchanged since; with the
  /// dataset.
  ///
  /// - Parameters:
  ///   - file: what errors call the checkpoint.
  ///   - remedy: what a user can do who has none of them.
  func split(
    _ candidates: [Split], file: String, remedy: String, _ console: Console
  ) throws -> (Split, TokenSequence, SequenceDataset) {
    let dataset = try DatasetCache.dataset(for: configuration, console)
    for split in candidates {
      guard let tokens = dataset.splits[split] else { continue }
      try checkSource(of: split, in: dataset, file: file)
      return (split, tokens, dataset)
    }
    throw TrainingError.noSplit(name: candidates.map(\.rawValue).joined(separator: " or "), remedy: remedy)
  }
}
