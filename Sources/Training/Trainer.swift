import Compute
import Configuration
import Datasets
import Foundation
import Models

/// A run: the training loop, with what it reads and what it leaves behind.
///
///     config → dataset → minibatch → workers → reducer → update → checkpoint
///
/// Shards, reducer and update are phases of `TrainingStep`.
package final class Trainer {
  private let configuration: RunConfiguration
  private let dataset: SequenceDataset
  private let minibatches: any MinibatchSource
  private let validation: TokenSequence?
  private let workers: Workers
  private let kernels: Kernels
  package private(set) var engine: Engine
  private let directory: RunDirectory
  private let metrics: MetricsLog
  private let events: RunEvents?
  private let saver: CheckpointSaver
  private let reporter: any TrainingReporter
  private var state: TrainingState
  private var speedometer = Speedometer()

  /// Steps from one line of metrics to the next.
  private static let logInterval = 100

  /// How a run ended.
  package enum Outcome: Sendable, Equatable {
    case allEpochs
    /// The validation loss had stopped falling.
    case stoppedEarly
    /// On request, with a checkpoint to go on from.
    case interrupted
  }

  /// - Parameters:
  ///   - checkpoint: where a resumed run goes on, and the file it is from; nil for a new run.
  ///   - vectors: the configuration's word vectors, for a new run.
  package init(
    _ configuration: RunConfiguration, dataset: SequenceDataset, directory: RunDirectory,
    resuming checkpoint: (checkpoint: Checkpoint, path: String)?, vectors: WordVectors? = nil, workers: Workers,
    kernels: Kernels, reporter: any TrainingReporter
  ) throws {
    let training = configuration.training
    minibatches = try configuration.minibatches(of: dataset)
    if let (checkpoint, path) = checkpoint {
      for split in [Split.train, .validation] { try checkpoint.checkSource(of: split, in: dataset, file: path) }
      guard checkpoint.state.window <= minibatches.count else {
        throw TrainingError.notCheckpoint(file: path, found: "its position is past the epoch's end")
      }
      guard checkpoint.state.epoch <= training.epochs else {
        throw TrainingError.epochsDone(checkpoint.state.epoch, asked: training.epochs)
      }
    }
    engine = try Engine(
      configuration, dataset: dataset, minibatches: minibatches, resuming: checkpoint, vectors: vectors,
      workers: workers, kernels: kernels)
    state = checkpoint?.checkpoint.state ?? TrainingState()
    metrics = try MetricsLog(directory.metricsPath, resumingAt: state.step)
    events =
      configuration.output.tensorboard
      ? RunEvents(directory: directory.path, resumingAt: state.step) { [weak reporter] in reporter?.unwrittenEvents($0)
      }
      : nil
    saver = CheckpointSaver(directory: directory, metrics: metrics, events: events, reporter: reporter)
    validation = dataset.splits[.validation]
    self.workers = workers
    self.kernels = kernels
    self.configuration = configuration
    self.dataset = dataset
    self.directory = directory
    self.reporter = reporter
  }

  // MARK: the loop

  /// Trains to the end, or until `requests` say so.
  ///
  /// - Throws: `Divergence`, or `CheckpointFailure` if the last checkpoint can't be written, or the very first: a run that
  ///   can't be saved from the start doesn't begin.
  package func train(heeding requests: RunRequests) throws -> Outcome {
    reporter.begin(summary, state: state)
    // A resumed run may have been cut off before it had removed what it keeps no longer.
    if state.step == 0 { try save() } else { try directory.prune(state, configuration) }
    if let failure = saver.failure { throw failure }
    while true {
      do {
        let outcome = try trainOn(heeding: requests)
        if let failure = saver.failure { throw failure }
        return outcome
      } catch let divergence as Divergence {
        try rollBack(after: divergence)
      }
    }
  }

  private func trainOn(heeding requests: RunRequests) throws -> Outcome {
    let training = configuration.training
    let model = engine.model
    while state.epoch < training.epochs {
      if let patience = training.earlyStopping?.patience, state.epochsWithoutImprovement >= patience {
        return .stoppedEarly
      }
      if state.window == 0 { model.resetState() }
      while state.window < minibatches.count {
        let rate = training.learningRate(at: state, stepsPerEpoch: minibatches.count)
        let result = speedometer.measure {
          minibatches.fill(model, index: state.window, epoch: state.epoch, step: state.step + 1)
          return engine.step.run(step: state.step + 1, learningRate: rate)
        }
        if result.diverged { throw divergence(of: result, learningRate: rate) }
        state.advance(lossSum: result.lossSum, targets: result.targets)
        reporter.step(state, targets: result.targets)

        if state.step % Self.logInterval == 0 { try log(result, learningRate: rate) }
        if state.window < minibatches.count {
          let isRegular = state.step % configuration.output.checkpointEvery == 0
          let isStop = requests.isStopRequested
          if requests.takeCheckpointRequest() || isStop || isRegular { try save(isRegular: isRegular) }
          if isStop { return .interrupted }
        }
      }
      do {
        try finishEpoch(heeding: requests)
      } catch is StopInEvaluation {
        try save(isRegular: false)
        return .interrupted
      }
      if requests.isStopRequested && state.epoch < training.epochs { return .interrupted }
    }
    return .allEpochs
  }

  /// An evaluation may take longer than whoever wants the run to stop will wait: a resumed run begins it again.
  private struct StopInEvaluation: Error {}

  private func finishEpoch(heeding requests: RunRequests) throws {
    let trainLoss = state.epochLoss.mean
    let evaluation = try validation.map { split in
      try engine.evaluator.evaluate(split) { if requests.isStopUrgent { throw StopInEvaluation() } }
    }
    if let evaluation, !evaluation.natsPerTarget.isFinite {
      throw Divergence(step: state.step, epoch: state.epoch + 1, quantity: "validation loss")
    }
    state.finishEpoch(validationMeasure: evaluation?.measure)
    var fields: [(String, MetricValue)] = [
      ("epoch", .whole(state.epoch)), ("kind", .word("epoch")), ("train_loss", .number(trainLoss)),
    ]
    if let evaluation { fields.append(("validation_loss", .number(evaluation.natsPerTarget))) }
    if case .tagging(let evaluation) = evaluation {
      fields.append(("validation_accuracy", .number(evaluation.accuracy)))
    }
    try metrics.write(step: state.step, fields)
    if let events {
      let sample = try? ModelSample.text(
        of: engine.model.parameters, dataset: dataset,
        tagging: configuration.task == .tagging ? dataset.tagging : nil)
      events.finishedEpoch(step: state.step, validation: evaluation, sample: sample)
    }
    let isBest = evaluation != nil && state.bestEpoch == state.epoch
    reporter.epoch(state, trainLoss: trainLoss, validation: evaluation, isBest: isBest)
    try save(isBest: isBest)
  }

  // MARK: what a step leaves behind

  private func log(_ result: TrainingStep.Result, learningRate: Double) throws {
    try metrics.write(
      step: state.step,
      [
        ("epoch", .whole(state.epoch + 1)), ("kind", .word("train")), ("loss", .number(state.recentLoss.mean)),
        ("gradient_norm", .number(result.gradientNorm)), ("learning_rate", .number(learningRate)),
        ("seconds", .number(Date().timeIntervalSince1970)), ("tokens_per_second", .whole(speedometer.takeRate())),
      ])
    events?.trained(
      step: state.step, loss: state.recentLoss.mean, gradientNorm: result.gradientNorm, learningRate: learningRate)
    state.recentLoss = TrainingState.Sum()
  }

  /// - Parameter isRegular: whether the configuration alone says that there is a checkpoint here.
  private func save(isBest: Bool = false, isRegular: Bool = true) throws {
    if isRegular { state.rollbackSteps.add(state.step) }
    let checkpoint = Checkpoint(
      of: engine.model, optimizer: engine.optimizer, state: state, configuration: configuration, dataset: dataset)
    if let tensor = checkpoint.divergedTensor {
      throw Divergence(step: state.step, epoch: state.epoch + (state.window > 0 ? 1 : 0), quantity: tensor)
    }
    try saver.save(checkpoint, isBest: isBest)
  }

  // MARK: divergence

  private func divergence(of result: TrainingStep.Result, learningRate: Double) -> Divergence {
    let quantity = !result.lossSum.isFinite ? "loss" : result.overflowed ? "update" : "gradient's norm"
    var divergence = Divergence(step: state.step + 1, epoch: state.epoch + 1, quantity: quantity)
    let report = DivergenceReport(model: engine.model, gradients: engine.gradients, dataset: dataset)
    divergence.place = report.place
    let path = directory.divergencePath(ofStep: divergence.step)
    // A disk that is full must not hide what happened.
    let isWritten: Void? = try? report.write(
      about: divergence, learningRate: learningRate, gradientNorm: result.gradientNorm, to: path)
    if isWritten != nil { divergence.report = path }
    return divergence
  }

  /// Goes back to the last checkpoint, with half the learning rate from there on, if the configuration says so.
  private func rollBack(after divergence: Divergence) throws {
    var divergence = divergence
    divergence.rollbacks = state.rollbacks
    guard case .rollback(let limit) = configuration.training.onDivergence, state.rollbacks < limit else {
      throw divergence
    }
    guard let target = rollbackTarget else { throw divergence }
    engine = try Engine(
      configuration, dataset: dataset, minibatches: minibatches, resuming: target, vectors: nil, workers: workers,
      kernels: kernels)
    let (rollbacks, steps) = (state.rollbacks + 1, state.rollbackSteps)
    state = target.checkpoint.state
    state.rollbacks = rollbacks
    if state.step < steps.last { state.rollbackSteps = TrainingState.RollbackSteps(only: state.step) }
    saver.rewind()
    try directory.rewind(to: state)
    try metrics.rewind(to: state.step)
    events?.rewind(to: state.step)
    reporter.rolledBack(after: divergence, to: state)
  }

  /// The last checkpoint; or, where the run went back to that one since it was written and diverged again, the one
  /// before: parameters may be such that no learning rate helps.
  private var rollbackTarget: (checkpoint: Checkpoint, path: String)? {
    func read(_ step: Int) -> (checkpoint: Checkpoint, path: String)? {
      let path = directory.checkpointPath(ofStep: step)
      return (try? CheckpointFile.read(path)).map { ($0, path) }
    }
    let last = read(state.rollbackSteps.last)
    if let last, last.checkpoint.state.rollbacks == state.rollbacks { return last }
    // Both are gone only where the disk didn't take them.
    return read(state.rollbackSteps.earlier) ?? last ?? directory.newestStep.flatMap(read)
  }

  private var summary: RunSummary {
    RunSummary(
      task: configuration.task, parameters: engine.model.parameters.layout.elementCount,
      vocabulary: dataset.vocabulary.count,
      trainTokens: dataset.splits[.train]?.tokens.count ?? 0, epochs: configuration.training.epochs,
      stepsPerEpoch: minibatches.count, targetsPerEpoch: minibatches.targetCount, vectors: engine.coverage,
      samplesLoss: configuration.model.output.samplesLoss)
  }
}
