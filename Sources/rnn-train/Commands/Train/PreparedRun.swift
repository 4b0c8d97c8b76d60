import ArgumentParser
import Compute
import Configuration
import ConfigurationFiles
import Datasets
import Files
import Keys
import Optimizers
import Presentation
import Training

/// All that a run needs before its first step. Whatever is wrong with configuration or data is found before a directory
/// is made.
struct PreparedRun {
  let configuration: RunConfiguration
  let kernels: Kernels
  let dataset: SequenceDataset
  let directory: RunDirectory
  /// Where a resumed run goes on, until the trainer has taken it: it needs as much memory as the model.
  private(set) var checkpoint: (checkpoint: Checkpoint, path: String)?
  let isResumed: Bool
  /// What a new run's embeddings begin with.
  let vectors: WordVectors?

  static func begin(_ file: String, overrides: [String], _ console: Console) throws -> PreparedRun {
    try begin(RunConfiguration.load(path: file, overrides: overrides, remark: console.warn), console)
  }

  /// A run with settings that suit some texts.
  static func begin(on texts: [String], overrides: [String], _ console: Console) throws -> PreparedRun {
    let (configuration, bytes, expectation) = try RunConfiguration.suiting(
      texts, overrides: overrides, remark: console.warn)
    console.say(
      Format.wrapped(
        "\(enumeration(of: texts, conjunction: "and")), \(Format.bytes(bytes)): \(expectation). The settings chosen for it will be "
          + "in \(RunDirectory.configurationPath(configuration.output.directory)).", to: 80
      ).joined(separator: "\n") + "\n")
    return try begin(configuration, console)
  }

  private static func begin(_ configuration: RunConfiguration, _ console: Console) throws -> PreparedRun {
    let kernels = try Kernels.chosen()
    let dataset = try DatasetCache.dataset(for: configuration, console)
    try configuration.checkTrainable(on: dataset)
    warnOfCaveats(configuration, dataset, console)
    let vectors = try configuration.wordVectors(for: dataset)
    let directory = try RunDirectory.create(
      configuration.output.directory, configuration: configuration, notice: console.warn)
    try console.keepLog(RunDirectory.logName, in: directory.directory)
    return PreparedRun(
      configuration: configuration, kernels: kernels, dataset: dataset, directory: directory, isResumed: false,
      vectors: vectors)
  }

  /// - Parameter acceptsLostSeal: whether checkpoints will do that another program has taken the seal off.
  static func resume(
    _ path: String, overrides: [String], acceptsLostSeal: Bool, _ console: Console
  ) throws -> PreparedRun {
    let directory = try RunDirectory.resume(path, notice: console.warn)
    try console.keepLog(RunDirectory.logName, in: directory.directory)
    let file = RunDirectory.configurationPath(path)
    let configuration = try RunConfiguration.load(
      path: file, overrides: overrides, checkFiles: false, remark: console.warn)
    // However the override is spelled.
    let own = try RunConfiguration.load(path: file, overrides: [], checkFiles: false)
    guard configuration.output.directory == own.output.directory else {
      throw ValidationError("a resumed run stays in its directory; leave out output.directory")
    }
    let kernels = try Kernels.chosen()
    if acceptsLostSeal { try directory.sealAgain(probe: FileProbe.check) }
    let checkpoint = try newestCheckpoint(of: directory, console)
    if let checkpoint {
      let keys = checkpoint.checkpoint.configuration.incompatibilities(with: configuration)
      guard keys.isEmpty else { throw TrainingError.incompatible(directory: path, keys: keys) }
    }
    let dataset = try dataset(ofResumed: configuration, console)
    try configuration.checkTrainable(on: dataset)
    warnOfCaveats(configuration, dataset, console)
    return try PreparedRun(
      configuration: configuration, kernels: kernels, dataset: dataset, directory: directory, checkpoint: checkpoint,
      isResumed: checkpoint != nil, vectors: checkpoint == nil ? configuration.wordVectors(for: dataset) : nil)
  }

  /// Says what makes figures of the splits mean little.
  private static func warnOfCaveats(_ configuration: RunConfiguration, _ dataset: SequenceDataset, _ console: Console) {
    for split in [Split.validation, .test] {
      guard let tokens = dataset.splits[split] else { continue }
      let caveat = configuration.task.caveat(about: tokens, vocabulary: dataset.vocabulary)
      for notice in [caveat, tokens.normalizationNotice].compactMap(\.self) {
        console.warn("\(split.rawValue) split: \(notice)")
      }
    }
  }

  /// The dataset of a run whose files may have moved since it began.
  private static func dataset(
    ofResumed configuration: RunConfiguration, _ console: Console
  ) throws -> SequenceDataset {
    do {
      return try DatasetCache.dataset(for: configuration, console)
    } catch let error as FileError where error.isForWantOfFile {
      throw TrainingError.missingData(error)
    } catch CorpusError.file(let error) where error.isForWantOfFile {
      throw TrainingError.missingData(error)
    }
  }

  /// Hands the checkpoint over.
  mutating func takeCheckpoint() -> (checkpoint: Checkpoint, path: String)? {
    defer { checkpoint = nil }
    return checkpoint
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

  /// Its name and learning rate, and every other setting that isn't the usual one.
  private static func summary(of optimizer: any Optimizer) -> String {
    func settings(_ optimizer: OptimizerKey) -> [(key: String, text: String)] {
      (KeyWriter.tree(of: optimizer).entries ?? []).map { ($0.key, $0.value.text ?? "") }
    }
    let usual = OptimizerKey.alternatives.first { $0.name == optimizer.name }.map(settings) ?? []
    let chosen = settings(OptimizerKey(wrappedValue: optimizer)).filter { setting in
      setting.key != "learning_rate" && !usual.contains { $0 == setting }
    }
    let facts = chosen.map { "\($0.key.replacing("_", with: " ")) \($0.text)" }
    return (["\(optimizer.name), learning rate \(optimizer.learningRate)"] + facts).joined(separator: ", ")
  }

  /// From this share of the configured learning rate on a run that goes on hardly learns.
  private static let littleLearning = 0.02

  /// Steps in which the learning rate is low since it has just begun to rise.
  private var warmup: Int {
    if case .cosine(let schedule) = configuration.training.schedule { schedule.warmup } else { 0 }
  }

  /// What a user wants to know before the first step.
  func announcement(_ summary: RunSummary, _ state: TrainingState, threads: Int) -> String {
    let (model, training) = (configuration.model, configuration.training)
    let splits = Split.allCases.compactMap { split in
      dataset.splits[split].map { "\(split.rawValue) \(Format.count($0.tokens.count))" }
    }
    let input = model.characters.map { "(\(model.embedding) + 2 x \($0.hidden))" } ?? String(model.embedding)
    let layer = model.bidirectional ? "2 x \(model.hidden)" : String(model.hidden)
    let widths = [input] + Array(repeating: layer, count: model.layers) + [String(summary.classes)]
    var facts = [
      ("corpus", "tokens: \(splits.joined(separator: ", ")); vocabulary \(Format.count(summary.vocabulary))"),
      (
        "model",
        "\(model.cell.summary), \(widths.joined(separator: " > ")), "
          + "\(Format.count(summary.parameters)) parameters"
      ),
      (
        "training",
        "\(Format.count(summary.epochs, "epoch")) of \(Format.count(summary.stepsPerEpoch, "step")), "
          + configuration.task.minibatchSize(training)
      ),
      ("optimizer", Self.summary(of: training.optimizer)),
      ("compute", "\(Format.count(threads, "thread")), \(kernels.name)"),
      ("run", directory.path),
    ]
    if let vectors = summary.vectors {
      let found = vectors.exact + vectors.lowercase
      facts.append(
        (
          "vectors",
          "of \(Format.count(found)) of \(Format.count(vectors.words, "word")) "
            + "(\(Format.percent(found, of: vectors.words))), \(Format.count(vectors.lowercase)) by their lower case"
        ))
    }
    if state.step > 0 {
      let place =
        state.epoch < summary.epochs
        ? "\(Format.count(state.minibatch)) of \(Format.count(summary.stepsPerEpoch, "step")) of epoch \(state.epoch + 1) done"
        : "all epochs done"
      // What the schedule makes of it, which may have been stretched over more epochs: where it jumps, so does the loss.
      let rate = Format.significant(summary.learningRateShare * training.optimizer.learningRate, 3)
      let remainder =
        state.epoch < summary.epochs && summary.learningRateShare != 1
        ? "; \(training.schedule.name) goes on at a learning rate of \(rate)" : ""
      facts.append(("resumed", "at step \(Format.count(state.step)), \(place)\(remainder)"))
      if state.epoch < summary.epochs, summary.learningRateShare < Self.littleLearning, state.step >= warmup {
        let share = Format.significant(100 * summary.learningRateShare, 2)
        facts.append(
          (
            "notice",
            "the schedule \(training.schedule.name) has left \(share)% of the learning rate, so little more will be learnt; "
              + "training.schedule.name=constant with a training.optimizer.learning_rate of your choice goes on as you like"
          ))
      }
    }
    return Format.facts(facts)
  }
}
