import Configuration
import Datasets
import Glibc
import Inference
import Models

extension RunConfiguration {
  /// Finds out whether a run of this configuration could fail later for what the dataset is: before it makes a directory,
  /// and before it trains an epoch only to find that the validation split is too short.
  ///
  /// - Parameters:
  ///   - characterModels: those that the configuration names.
  ///   - ranks: how many processes train the run.
  package func checkTrainable(
    on dataset: SequenceDataset, characterModels: CharacterModels?, ranks: Int = 1
  ) throws {
    _ = try dataset.trainSplit()
    for (split, sequence) in dataset.splits.sorted(by: { $0.key.rawValue < $1.key.rawValue })
    where try sequence.isEmpty() {
      throw TrainingError.emptySplit(name: split.rawValue)
    }
    try task.check(dataset, for: self)
    if training.followsValidation && dataset.splits[.validation] == nil {
      throw TrainingError.noSplit(
        name: "validation",
        remedy:
          "early stopping, the schedule halving and the averaging nt-asgd follow its loss; give one, or leave them out")
    }
    let shape = try ModelShape(
      self, vocabulary: dataset.vocabulary, tagging: dataset.tagging, characterModels: characterModels)
    _ = try lossWeights(of: shape)
    _ = try training.frozenParameters(of: ParameterLayout(shape))
    try checkMemory(shape, words: dataset.tokenCount, ranks: ranks)
  }

  /// Refuses what there is no memory for; a rough count, and in favour of trying.
  ///
  /// - Parameters:
  ///   - words: of all splits, which are kept with what is known of them.
  ///   - ranks: how many processes keep a slice of the moments each.
  func checkMemory(_ shape: ModelShape, words: Int = 0, ranks: Int = 1) throws(TrainingError) {
    let layout = ParameterLayout(shape)
    let parameters = Double(layout.floatCount)
    let longest = Double(training.bptt) + (training.randomWindows?.deviation ?? 0)
    let rows = Double(training.batchSize) * longest
    let units = Double(shape.units.reduce(0, +))
    // Values, means and moments; gradients; hidden states, gates and theirs.
    let moments = parameters - Double(layout.denseCount) * (1 - 1 / Double(ranks))
    let kept =
      parameters * (training.averaging == nil ? 1 : 2) + moments * Double(training.optimizer.momentNames.count)
    // With weight dropout, a step's recurrent weights and their transposes.
    let squares = shape.units.reduce(0) { $0 + Double($1) * Double($1) }
    let dropped = model.weightDropout > 0 ? 2 * squares * Double(shape.directions * shape.cell.gates.count) : 0
    // A gradient of the minibatch, one of a shard, and those that wait in the tree.
    let gradients = Double(Int.bitWidth - training.shards.leadingZeroBitCount) * Double(layout.denseCount)
    let states = rows / Double(training.shards) * units * Double(1 + shape.cell.gates.count)
    let read = shape.readers.map(\.network).reduce(0) { sum, network in
      sum + rows / Double(training.shards) * Self.charactersOfWord * Double(network.units.reduce(0, +))
        * Double(1 + network.cell.gates.count)
    }
    let floats = kept + gradients + dropped + states + read + Double(words) * Double(shape.features)
    let available = Self.availableMemory
    guard floats * 4 < available else { throw .tooLarge(bytes: floats * 4, available: available) }
  }

  /// With the space behind it; a short one.
  private static let charactersOfWord = 5.0

  /// What the machine has, or less where the process has a limit (`ulimit -v`, `ulimit -d`).
  private static var availableMemory: Double {
    let machine = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    return [RLIMIT_AS, RLIMIT_DATA].reduce(machine) { least, resource in
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return least }
      return min(least, Double(limit.rlim_cur))
    }
  }
}

extension RunConfiguration.Training {
  /// Whether something is decided by what validation comes to.
  fileprivate var followsValidation: Bool {
    if case .halving = schedule { return true }
    return earlyStopping != nil || averaging?.followsValidation == true
  }
}

extension SequenceDataset {
  /// Of all splits.
  var tokenCount: Int { splits.values.reduce(0) { $0 + $1.tokens.count } }

  /// The split that is trained on.
  func trainSplit() throws(TrainingError) -> TokenSequence {
    guard let train = splits[.train] else { throw .noSplit(name: "train", remedy: "name its text in data.train") }
    return train
  }
}
