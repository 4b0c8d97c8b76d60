import ArgumentParser
import Compute
import Configuration
import ConfigurationFiles
import Datasets
import Files
import Inference
import Keys
import Presentation
import Training

/// All that a run needs before its first step. Whatever is wrong with configuration or data is found before a directory
/// is made.
struct PreparedRun {
  let configuration: RunConfiguration
  let kernels: Kernels
  let dataset: SequenceDataset
  /// What the run writes to; nil on all ranks but the first.
  let directory: RunDirectory?
  /// The directory's.
  let path: String
  /// Where a resumed run goes on, until the trainer has taken it: it needs as much memory as the model.
  private(set) var checkpoint: (checkpoint: Checkpoint, path: String)?
  let isResumed: Bool
  /// What a new run's embeddings begin with.
  let vectors: WordVectors?
  /// What reads a tagger's words beside the model; nil: nothing does.
  let characterModels: TrainedCharacterModels?
  /// What a new run begins with of another one's parameters, until the trainer has taken it.
  private(set) var takeover: Takeover?
  /// In what the configuration that the run goes on with differs from the one in its directory.
  let changes: [RunConfiguration.Difference]

  /// - Parameters:
  ///   - acceptsLostSeal: whether checkpoints will do that another program has taken the seal off.
  ///   - ranks: the processes that train the run: of what they read all read the same, and the first one alone writes.
  ///   - threads: how many of each read its text.
  static func begin(
    _ file: String, overrides: [String], acceptsLostSeal: Bool, _ ranks: Ranks, threads: Int, _ console: Console
  ) throws -> PreparedRun {
    try begin(
      RunConfiguration.load(path: file, overrides: overrides, remark: console.warn), acceptsLostSeal: acceptsLostSeal,
      ranks, threads: threads, console)
  }

  /// A run with settings that suit some texts.
  static func begin(
    on texts: [String], overrides: [String], _ ranks: Ranks, threads: Int, _ console: Console
  ) throws -> PreparedRun {
    let (configuration, bytes, expectation) = try RunConfiguration.suiting(
      texts, overrides: overrides, remark: console.warn)
    console.say(
      Format.wrapped(
        "\(enumeration(of: texts, conjunction: "and")), \(Format.bytes(bytes)): \(expectation). The settings chosen for it will be "
          + "in \(RunDirectory.configurationPath(configuration.output.directory)).", to: 80
      ).joined(separator: "\n") + "\n")
    return try begin(configuration, acceptsLostSeal: false, ranks, threads: threads, console)
  }

  private static func begin(
    _ configuration: RunConfiguration, acceptsLostSeal: Bool, _ ranks: Ranks, threads: Int, _ console: Console
  ) throws -> PreparedRun {
    var configuration = configuration
    try ranks.requireShards(configuration)
    let kernels = try Kernels.chosen()
    let start = try ParentCheckpoint(of: configuration, acceptsLostSeal: acceptsLostSeal, console)
    start?.pin(&configuration)
    let characterModels = try TrainedCharacterModels(of: &configuration, kernels: kernels, probe: FileProbe.check)
    var dataset = try ranks.afterFirst {
      try DatasetCache.dataset(for: configuration, known: start?.known, threads: threads, console)
    }
    try dataset.findTagCombinations(and: start?.known.tagging)
    let takeover = try start?.takeover(by: configuration, dataset, characterModels)
    try configuration.checkTrainable(on: dataset, characterModels: characterModels?.models, ranks: ranks.count)
    try warnOfCaveats(configuration, dataset, console)
    let vectors = try configuration.wordVectors(for: dataset)
    try ranks.requireSame(configuration, dataset, characterModels)
    let directory = try ranks.onFirst {
      let directory = try RunDirectory.create(
        configuration.output.directory, configuration: configuration, notice: console.warn)
      try console.keepLog(RunDirectory.logName, in: directory.directory)
      return directory
    }
    return PreparedRun(
      configuration: configuration, kernels: kernels, dataset: dataset, directory: directory,
      path: configuration.output.directory, isResumed: false, vectors: vectors, characterModels: characterModels,
      takeover: takeover, changes: [])
  }

  static func resume(
    _ path: String, overrides: [String], acceptsLostSeal: Bool, _ ranks: Ranks, threads: Int, _ console: Console
  ) throws -> PreparedRun {
    let run = try resume(path, acceptsLostSeal: acceptsLostSeal, ranks, console) { own in
      let configuration = try RunConfiguration.load(
        path: RunDirectory.configurationPath(path), overrides: overrides, checkFiles: false, remark: console.warn)
      // However the override is spelled.
      guard configuration.output.directory == own.output.directory else {
        throw ValidationError("a resumed run stays in its directory; leave out output.directory")
      }
      var same = configuration
      same.model.characterModel?.take(own.model.characterModel)
      guard same == configuration else {
        throw ValidationError("a resumed run keeps its character models; leave out model.character_model")
      }
      return configuration
    }
    return try run.prepared(ranks, threads: threads, console)
  }

  /// Begins where the configuration's directory holds no run, else goes on with the one that it holds.
  ///
  /// - Returns: nil for a run that has finished.
  static func resumeOrBegin(
    _ file: String, overrides: [String], acceptsLostSeal: Bool, _ ranks: Ranks, threads: Int, _ console: Console
  ) throws -> PreparedRun? {
    let asked = try RunConfiguration.load(path: file, overrides: overrides, checkFiles: false)
    let path = asked.output.directory
    guard try ranks.first(RunDirectory.holdsRun(at: path) ? 1 : nil) != nil else {
      return try begin(
        file, overrides: overrides, acceptsLostSeal: acceptsLostSeal, ranks, threads: threads, console)
    }
    let run = try resume(path, acceptsLostSeal: acceptsLostSeal, ranks, console) { own in
      var configuration = asked
      configuration.output.directory = own.output.directory
      // What the run began with stands in its own configuration, whatever is the other's best checkpoint by now.
      if configuration.model.from != nil, own.model.from != nil { configuration.model.from = own.model.from }
      for (asked, kept) in asked.model.characterModel?.others(in: own.model.characterModel) ?? [] {
        console.warn("the run keeps its character model, \(kept); \(asked) isn't used")
      }
      configuration.model.characterModel?.take(own.model.characterModel)
      return configuration
    }
    if try ranks.first(run.isFinished ? 1 : nil) != nil { return nil }
    return try run.prepared(ranks, threads: threads, console)
  }

  /// Says what makes figures of the splits mean little.
  private static func warnOfCaveats(
    _ configuration: RunConfiguration, _ dataset: SequenceDataset, _ console: Console
  ) throws {
    if let notice = dataset.missedWordsNotice { console.warn(notice) }
    let classes = try configuration.task.classes(vocabulary: dataset.vocabulary, tagging: dataset.tagging)
    if let caveat = configuration.model.output.caveat(classes: classes.max() ?? 0) { console.warn(caveat) }
    for split in [Split.validation, .test] {
      guard let tokens = dataset.splits[split] else { continue }
      let caveat = try configuration.task.caveat(about: tokens, vocabulary: dataset.vocabulary)
      let isTrainingText = dataset.splits[.train].map(tokens.isSameText) ?? false
      let sameness =
        isTrainingText ? "it is the training text once more, so its figures say nothing of other text" : nil
      for notice in [sameness, caveat, tokens.normalizationNotice].compactMap(\.self) {
        console.warn("\(split.rawValue) split: \(notice)")
      }
    }
  }

  /// A run that has been taken over, before its data is read.
  private struct Resumed {
    let directory: RunDirectory?
    let path: String
    let own: RunConfiguration
    let configuration: RunConfiguration
    let checkpoint: (checkpoint: Checkpoint, path: String)?
    let acceptsLostSeal: Bool

    /// Whether there is nothing left to train, nor to measure.
    var isFinished: Bool {
      get throws {
        guard let state = checkpoint?.checkpoint.state, state.isOver(configuration.training) else { return false }
        if case .text(let corpus) = configuration.data, corpus.test == nil { return true }
        return try RunMetrics(ofRunAt: path).test != nil
      }
    }

    func prepared(_ ranks: Ranks, threads: Int, _ console: Console) throws -> PreparedRun {
      let kernels = try Kernels.chosen()
      var configuration = configuration
      // What was cut off before its first checkpoint begins once more.
      let start =
        try checkpoint == nil
        ? ParentCheckpoint(of: configuration, acceptsLostSeal: acceptsLostSeal, console) : nil
      start?.pin(&configuration)
      let characterModels =
        if let (checkpoint, path) = checkpoint {
          try TrainedCharacterModels(in: checkpoint, file: path, kernels: kernels)
        } else {
          try TrainedCharacterModels(of: &configuration, kernels: kernels, probe: FileProbe.check)
        }
      var dataset = try ranks.afterFirst {
        try PreparedRun.dataset(
          ofResumed: configuration, known: checkpoint?.checkpoint.known ?? start?.known, threads: threads, console)
      }
      if let checkpoint {
        // What it measured so far was chosen by its own, or by none.
        dataset.tagging?.combinations = checkpoint.checkpoint.tagging?.combinations ?? []
      } else {
        try dataset.findTagCombinations(and: start?.known.tagging)
      }
      let takeover = try start?.takeover(by: configuration, dataset, characterModels)
      try configuration.checkTrainable(on: dataset, characterModels: characterModels?.models, ranks: ranks.count)
      try PreparedRun.warnOfCaveats(configuration, dataset, console)
      try ranks.requireSame(configuration, dataset, characterModels)
      return try PreparedRun(
        configuration: configuration, kernels: kernels, dataset: dataset, directory: directory, path: path,
        checkpoint: checkpoint, isResumed: checkpoint != nil,
        vectors: checkpoint == nil ? configuration.wordVectors(for: dataset) : nil,
        characterModels: characterModels, takeover: takeover, changes: configuration.differences(from: own))
    }
  }

  /// - Parameter configure: makes the configuration to go on with of the run's own.
  private static func resume(
    _ path: String, acceptsLostSeal: Bool, _ ranks: Ranks, _ console: Console,
    configure: (RunConfiguration) throws -> RunConfiguration
  ) throws -> Resumed {
    let directory = try ranks.onFirst {
      let directory = try RunDirectory.resume(path, notice: console.warn)
      try console.keepLog(RunDirectory.logName, in: directory.directory)
      return directory
    }
    let own = try RunConfiguration.load(path: RunDirectory.configurationPath(path), checkFiles: false)
    let configuration = try configure(own)
    try ranks.requireShards(configuration)
    var checkpoint = try directory.flatMap { directory in
      if acceptsLostSeal { try directory.sealAgain(probe: FileProbe.check) }
      return try newestCheckpoint(of: directory, console)
    }
    // Others read what the first rank has found.
    if let step = try ranks.first(checkpoint?.checkpoint.state.step), checkpoint == nil {
      let file = RunDirectory.checkpointPath(path, ofStep: step)
      checkpoint = (try CheckpointFile.read(file), file)
    }
    if let checkpoint {
      let keys = checkpoint.checkpoint.configuration.incompatibilities(with: configuration)
      guard keys.isEmpty else { throw TrainingError.incompatible(directory: path, keys: keys) }
    }
    return Resumed(
      directory: directory, path: path, own: own, configuration: configuration, checkpoint: checkpoint,
      acceptsLostSeal: acceptsLostSeal)
  }

  /// The dataset of a run whose files may have moved since it began.
  private static func dataset(
    ofResumed configuration: RunConfiguration, known: KnownVocabulary?, threads: Int, _ console: Console
  ) throws -> SequenceDataset {
    do {
      return try DatasetCache.dataset(for: configuration, known: known, threads: threads, console)
    } catch let error as FileError where error.isForWantOfFile {
      throw TrainingError.missingData(error)
    } catch CorpusError.file(let error) where error.isForWantOfFile {
      throw TrainingError.missingData(error)
    }
  }

  /// What the first parameters of a process are from, unless they are drawn.
  struct ParameterSource {
    let checkpoint: (checkpoint: Checkpoint, path: String)?
    let takeover: Takeover?
  }

  /// Hands over what the first parameters are from: it needs as much memory as the model.
  mutating func takeParameters() -> ParameterSource {
    defer { (checkpoint, takeover) = (nil, nil) }
    return ParameterSource(checkpoint: checkpoint, takeover: takeover)
  }

  /// - Returns: nil for a run that was cut off before it had saved anything.
  private static func newestCheckpoint(
    of directory: RunDirectory, _ console: Console
  ) throws -> (checkpoint: Checkpoint, path: String)? {
    do {
      let found = try directory.newestCheckpoint(probe: FileProbe.check)
      found.notices.forEach(console.warn)
      return (found.checkpoint, found.path)
    } catch TrainingError.noUsableCheckpoint(_, let reasons) where reasons.isEmpty {
      console.say("\(directory.path) has no checkpoint yet: the run begins at its first step")
      return nil
    }
  }
}

extension ParentCheckpoint {
  /// The one that a configuration names, if its layers can be those of the checkpoint.
  init?(of configuration: RunConfiguration, acceptsLostSeal: Bool = false, _ console: Console) throws {
    guard let path = configuration.model.from else { return nil }
    try self.init(path, acceptsLostSeal: acceptsLostSeal, probe: FileProbe.check)
    if let notice { console.warn(notice) }
    try check(configuration)
    if let caveat = caveat(about: configuration) { console.warn(caveat) }
  }

  /// Names the very checkpoint where a configuration names a run, whose best one may be another by and by.
  func pin(_ configuration: inout RunConfiguration) { configuration.model.from = origin.path }
}
