import Collectives
import Compute
import Configuration
import Datasets
import Files
import Foundation
import Inference
import Models
import Optimizers

/// A run: the training loop, with what it reads and what it leaves behind.
///
///     config → dataset → minibatch → workers → reducer → update → checkpoint
///
/// `init` goes from the configuration to the minibatches, `trainEpochs` from there to the checkpoints; what the workers do in
/// a step, reducer and update included, are the phases of `TrainingStep`.
package final class Trainer {
  private let configuration: RunConfiguration
  private let dataset: SequenceDataset
  private let minibatches: any MinibatchSource
  private let validation: TokenSequence?
  /// What reads a tagger's words beside the model; nil: nothing does.
  private let characterModels: TrainedCharacterModels?
  /// What checkpoints say of the data that the run reads.
  private let contents: [Split: String]
  private let workers: Workers
  private let kernels: Kernels
  /// Nil only while a rollback makes a new one: there is memory for one of them.
  private var current: Engine?
  /// Of a new run whose embeddings begin with word vectors.
  private let coverage: VectorCoverage?
  /// Of a new run that begins with another one's parameters.
  private let taken: Takeover.Summary?
  /// What the run's first parameters are from; nil: they were drawn.
  private let origin: Origin?
  /// The processes that train the run together.
  private let ranks: any Communicator
  /// The directory's path, and what the first rank alone has: the others write nothing.
  private let path: String
  private let directory: RunDirectory?
  private let log: RunLog?
  private let saver: CheckpointSaver?
  private let reporter: any TrainingReporter
  package private(set) var state: TrainingState
  private var speedometer = Speedometer()

  /// Steps from one line of metrics to the next.
  private static let logInterval = 100

  /// How a run ended.
  package enum Outcome: Sendable, Equatable {
    case allEpochs
    /// The validation's measure had stopped getting better.
    case stoppedEarly
    /// On request, with a checkpoint to go on from.
    case interrupted
  }

  /// - Parameters:
  ///   - directory: what the run writes to; nil on all ranks but the first.
  ///   - path: the directory's.
  ///   - ranks: the processes that train the run together, no more than there are shards: all call what this object has to
  ///     call alike, and what one of them throws but a `Divergence` has to end them all.
  ///   - checkpoint: where a resumed run goes on, and the file it is from; nil for a new run.
  ///   - vectors: the configuration's word vectors, for a new run.
  ///   - takeover: what a new run begins with of another one's parameters.
  ///   - characterModels: those that the configuration names, or that the checkpoint holds.
  package init(
    _ configuration: RunConfiguration, dataset: SequenceDataset, directory: RunDirectory?, path: String,
    ranks: any Communicator = Alone(),
    resuming checkpoint: (checkpoint: Checkpoint, path: String)?, vectors: WordVectors? = nil,
    takeover: consuming Takeover? = nil, characterModels: TrainedCharacterModels? = nil, workers: Workers,
    kernels: Kernels, reporter: any TrainingReporter
  ) throws {
    minibatches = try configuration.task.minibatches(
      of: dataset.trainSplit(), in: dataset, configuration, characterModels: characterModels?.models, workers: workers)
    self.characterModels = characterModels
    let shape = try ModelShape(
      configuration, vocabulary: dataset.vocabulary, tagging: dataset.tagging, characterModels: characterModels?.models)
    if let (checkpoint, path) = checkpoint {
      try checkpoint.check(against: dataset, steps: minibatches.count, configuration, file: path)
    }
    let engine = try Engine(
      configuration, shape, minibatches: minibatches, workers: workers, kernels: kernels, ranks: ranks)
    if let (checkpoint, path) = checkpoint {
      let isAveraged = configuration.training.isAveraged(at: checkpoint.state, stepsPerEpoch: minibatches.count)
      try engine.restore(checkpoint, isAveraged: isAveraged, file: path)
      coverage = nil
    } else {
      engine.initialize(configuration, characterModels?.models)
      coverage = vectors.map { engine.model.parameters.setEmbeddings($0, of: dataset.vocabulary) }
      try takeover?.apply(to: engine.model.parameters)
    }
    current = engine
    taken = takeover?.summary
    origin = checkpoint?.checkpoint.origin ?? takeover?.summary.origin
    contents = try dataset.contentHashes()
    state = checkpoint?.checkpoint.state ?? TrainingState()
    log = try directory.map { [step = state.step] directory in
      try RunLog(directory, tensorboard: configuration.output.tensorboard, resumingAt: step) { [weak reporter] in
        reporter?.unwrittenEvents($0)
      }
    }
    if let directory, let log {
      saver = CheckpointSaver(directory: directory, log: log, reporter: reporter)
    } else {
      saver = nil
    }
    validation = dataset.splits[.validation]
    self.workers = workers
    self.kernels = kernels
    self.configuration = configuration
    self.dataset = dataset
    self.directory = directory
    self.path = path
    self.ranks = ranks
    self.reporter = reporter
  }

  package var engine: Engine {
    guard let current else { preconditionFailure("there is no engine during a rollback") }
    return current
  }

  // MARK: the loop

  /// Trains to the end, or until `requests` say so.
  ///
  /// - Throws: `Divergence`, or `CheckpointFailure` if the last checkpoint can't be written, or the very first: a run that
  ///   can't be saved from the start doesn't begin.
  package func train(heeding requests: RunRequests) throws -> Outcome {
    reporter.begin(summary, state: state)
    // A resumed run may have been cut off before it had removed what it keeps no longer.
    if state.step == 0 { try save() } else { try directory?.prune(state, configuration) }
    if let failure = saver?.failure { throw failure }
    let requests = RequestsOfRanks(requests, ranks)
    while true {
      do {
        let outcome = try trainEpochs(heeding: requests)
        if let failure = saver?.failure { throw failure }
        return outcome
      } catch let divergence as Divergence {
        try rollBack(after: divergence)
      }
    }
  }

  private func trainEpochs(heeding requests: RequestsOfRanks) throws -> Outcome {
    let training = configuration.training
    while state.epoch < training.epochs {
      if state.hasStoppedEarly(training) { return .stoppedEarly }
      if state.minibatch == 0 { engine.model.resetState() }
      while state.minibatch < minibatches.count {
        let rate =
          training.learningRate(at: state, stepsPerEpoch: minibatches.count)
          * minibatches.learningRateFactor(index: state.minibatch, epoch: state.epoch)
        let weight = training.averagingWeight(at: state, stepsPerEpoch: minibatches.count)
        let result = try readingText {
          try speedometer.measure {
            try engine.step.run(step: state.step + 1, learningRate: rate, averagingWeight: weight) { minibatch in
              try minibatches.fill(minibatch, index: state.minibatch, epoch: state.epoch, step: state.step + 1)
            }
          }
        }
        if result.diverged { throw divergence(of: result, learningRate: rate) }
        state.advance(lossSum: result.lossSum, targets: result.targets)
        reporter.step(state, targets: result.targets)
        if state.step % Self.logInterval == 0 {
          try log?.trained(state, result, learningRate: rate, rate: speedometer.takeRate())
          state.recentLoss = TrainingState.Sum()
        }
        if state.minibatch < minibatches.count {
          let isRegular = state.step % configuration.output.checkpointEvery == 0
          let asked = requests.asked(takesCheckpoints: true)
          if isRegular || !asked.isEmpty { try save(isRegular: isRegular) }
          if asked.contains(.stop) { return .interrupted }
        }
      }
      do {
        try finishEpoch(heeding: requests)
      } catch is StopInEvaluation {
        try save(isRegular: false)
        return .interrupted
      }
      if state.epoch < training.epochs, requests.asked().contains(.stop) { return .interrupted }
    }
    return .allEpochs
  }

  /// Does what needs the text. If that can't be read any more, what has been trained is saved, unless other ranks are waiting.
  ///
  /// - Throws: what `body` throws, a `FileError` as `TrainingError.lostText`.
  private func readingText<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as FileError where ranks.count == 1 {
      try save(isRegular: false)
      if let failure = saver?.failure { throw failure }
      throw TrainingError.lostText(error, step: state.step)
    }
  }

  /// An evaluation may take longer than whoever wants the run to stop will wait: a resumed run begins it again.
  private struct StopInEvaluation: Error {}

  private func finishEpoch(heeding requests: RequestsOfRanks) throws {
    let (task, model, trainLoss) = (configuration.task, trainedModel, state.epochLoss.mean)
    let evaluation = try validation.map { split in
      try readingText {
        try task.evaluate(model, on: split, forms: dataset.forms, configuration, workers: workers, ranks: ranks) {
          if requests.asked().contains(.urgentStop) { throw StopInEvaluation() }
        }
      }
    }
    if let evaluation, !evaluation.natsPerTarget.isFinite {
      throw Divergence(step: state.step, epoch: state.epoch + 1, quantity: "validation loss")
    }
    state.finishEpoch(validationMeasure: evaluation.map { task.measure.cost(of: $0.measured) })
    try log?.finishedEpoch(state, trainLoss: trainLoss, validation: evaluation) {
      do {
        return try task.sample(of: model, dataset)
      } catch {
        // No reason to end a run.
        reporter.notice("no sample for TensorBoard: \(error)")
        return nil
      }
    }
    reporter.epoch(state, trainLoss: trainLoss, validation: evaluation, isBest: state.isBest)
    if let averaging = configuration.training.averaging, averaging.followsValidation,
      averaging.firstEpoch(validationMeasures: state.validationMeasures) == state.epoch
    {
      reporter.notice("validation has stopped getting better: from here on the model is the mean of the parameters")
    }
    try save()
  }

  /// The means of the parameters, once there are some: what the run's model is made of.
  private var averages: AveragedParameters? {
    configuration.training.isAveraged(at: state, stepsPerEpoch: minibatches.count) ? engine.averages : nil
  }

  private var trainedModel: TrainedModel {
    TrainedModel(
      averages?.mean ?? engine.model.parameters, vocabulary: dataset.vocabulary, tokenization: dataset.tokenization,
      tagging: configuration.task.tagging(of: dataset), direction: configuration.direction,
      characterModels: characterModels?.models)
  }

  /// - Parameter isRegular: whether the configuration alone says that there is a checkpoint here.
  private func save(isRegular: Bool = true) throws {
    if isRegular { state.rollbackSteps.add(state.step) }
    try requireSameParameters()
    engine.model.shareStates()
    let checkpoint = Checkpoint(
      of: engine.model, optimizer: engine.optimizer, reading: engine.momentReading, averages: averages, state: state,
      origin: origin, configuration: configuration, dataset: dataset, contents: contents,
      characterModels: characterModels)
    let tensors = checkpoint.tensors
    // Each rank looks at the moments that it has.
    let diverged = try ranks.least(tensors.firstIndex { try !$0.tensor.isFinite() })
    if let diverged {
      throw Divergence(
        step: state.step, epoch: state.epoch + (state.minibatch > 0 ? 1 : 0), quantity: tensors[diverged].quantity)
    }
    try engine.momentReading.run { try saver?.save(checkpoint) }
  }

  /// Makes sure that no rank computes anything else than the first: once for each checkpoint, since it takes a moment.
  private func requireSameParameters() throws(TrainingError) {
    guard ranks.count > 1 else { return }
    let hashes = ranks.gather(ContentHash.words(of: UnsafeRawBufferPointer(engine.model.parameters.values.floats)))
    if let rank = hashes.firstIndex(where: { $0 != hashes[0] }) {
      throw .differingRanks(rank: rank, step: state.step)
    }
  }

  // MARK: divergence

  private func divergence(of result: TrainingStep.Result, learningRate: Double) -> Divergence {
    let quantity = !result.lossSum.isFinite ? "loss" : result.overflowed ? "update" : "gradient's norm"
    var divergence = Divergence(step: state.step + 1, epoch: state.epoch + 1, quantity: quantity)
    engine.model.shareStates()
    engine.model.shareResults()
    let report = DivergenceReport(
      model: engine.model, dataset: dataset, direction: configuration.direction)
    divergence.place = report.place
    let text = report.text(about: divergence, learningRate: learningRate, gradientNorm: result.gradientNorm)
    do throws(FileError) {
      divergence.report = try directory?.writeDivergence(text, step: divergence.step)
    } catch {
      // A disk that is full must not hide what happened.
      reporter.notice("the minibatch isn't kept: \(error)")
    }
    return divergence
  }

  /// Goes back to the last checkpoint, with half the learning rate from there on, if the configuration says so.
  private func rollBack(after divergence: Divergence) throws {
    var divergence = divergence
    divergence.rollbacks = state.rollbacks
    guard case .rollback(let limit) = configuration.training.onDivergence, state.rollbacks < limit else {
      throw divergence
    }
    let shape = engine.model.parameters.shape
    // The activations of a step that diverged must not be met again.
    current = nil
    guard let target = try rollbackTarget() else { throw divergence }
    let engine = try Engine(
      configuration, shape, minibatches: minibatches, workers: workers, kernels: kernels, ranks: ranks)
    let isAveraged = configuration.training.isAveraged(at: target.checkpoint.state, stepsPerEpoch: minibatches.count)
    try engine.restore(target.checkpoint, isAveraged: isAveraged, file: target.path)
    current = engine
    let (rollbacks, steps) = (state.rollbacks + 1, state.rollbackSteps)
    state = target.checkpoint.state
    state.rollbacks = rollbacks
    if state.step < steps.last { state.rollbackSteps = TrainingState.RollbackSteps(only: state.step) }
    saver?.rewind()
    try directory?.rewind(to: state)
    try log?.rewind(to: state.step)
    reporter.rolledBack(after: divergence, to: state)
  }

  /// The checkpoint that the first rank finds to go back to, on all of them.
  private func rollbackTarget() throws -> (checkpoint: Checkpoint, path: String)? {
    let own = try directory.flatMap(rollbackTarget)
    guard let step = ranks.first(own?.checkpoint.state.step) else { return nil }
    if let own { return own }
    let file = RunDirectory.checkpointPath(path, ofStep: step)
    return (try CheckpointFile.read(file), file)
  }

  /// The last checkpoint; or, where the run went back to that one since it was written and diverged again, the one
  /// before: parameters may be such that no learning rate helps.
  ///
  /// - Throws: what keeps one from being read that is there: going back further would cost it.
  private func rollbackTarget(in directory: RunDirectory) throws -> (checkpoint: Checkpoint, path: String)? {
    let (last, earlier) = (state.rollbackSteps.last, state.rollbackSteps.earlier)
    let lastState = try directory.state(ofStep: last)
    if let lastState, lastState.rollbacks == state.rollbacks { return try directory.checkpoint(ofStep: last) }
    if let target = try directory.checkpoint(ofStep: earlier) { return target }
    if lastState != nil { return try directory.checkpoint(ofStep: last) }
    // Both are gone only where the disk didn't take them.
    return try directory.newestStep.flatMap { try directory.checkpoint(ofStep: $0) }
  }

  private var summary: RunSummary {
    RunSummary(
      task: configuration.task, parameters: engine.model.parameters.layout.elementCount,
      vocabulary: dataset.vocabulary.count, classes: engine.model.parameters.shape.classesOfOutputs,
      guessingLoss: engine.model.model.guessingLoss,
      trainTokens: dataset.splits[.train]?.tokens.count ?? 0, epochs: configuration.training.epochs,
      stepsPerEpoch: minibatches.count, targetsPerEpoch: minibatches.targetCount,
      learningRateShare: configuration.training.learningRate(at: state, stepsPerEpoch: minibatches.count)
        / configuration.training.optimizer.learningRate,
      vectors: coverage, takeover: taken,
      samplesLoss: configuration.model.output.samplesLoss)
  }
}
