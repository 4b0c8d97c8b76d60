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
  private let model: SequenceModel
  private let optimizer: Optimizer
  private let step: TrainingStep
  private let evaluator: any SplitEvaluator
  private let directory: RunDirectory
  private let metrics: MetricsLog
  private let reporter: any TrainingReporter
  private var state: TrainingState
  /// Of a new run whose embeddings begin with word vectors.
  private var vectors: VectorCoverage?

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
  package init(
    _ configuration: RunConfiguration, dataset: SequenceDataset, directory: RunDirectory,
    resuming checkpoint: (checkpoint: Checkpoint, path: String)?, workers: Workers, kernels: Kernels,
    reporter: any TrainingReporter
  ) throws {
    let training = configuration.training
    minibatches = try configuration.minibatches(of: dataset)
    let parameters = Parameters(
      try ModelShape(configuration, vocabulary: dataset.vocabulary, tagging: dataset.tagging), kernels: kernels)
    let gradients = Gradients(parameters.layout)
    model = SequenceModel(
      parameters, minibatches.capacity, gradients: gradients, workers: workers.count,
      carriesState: minibatches.carriesState, dropout: DropoutRates(configuration))
    optimizer = Optimizer(
      training.optimizer, clipNorm: training.clipNorm, parameters: parameters, gradients: gradients)
    if let (checkpoint, path) = checkpoint {
      for split in [Split.train, .validation] { try checkpoint.checkSource(of: split, in: dataset, file: path) }
      guard checkpoint.state.window < minibatches.count else {
        throw TrainingError.notCheckpoint(file: path, found: "its position is past the epoch's end")
      }
      guard checkpoint.state.epoch <= training.epochs else {
        throw TrainingError.epochsDone(checkpoint.state.epoch, asked: training.epochs)
      }
      try checkpoint.restore(parameters, file: path)
      try checkpoint.restore(model, optimizer: optimizer, file: path)
      state = checkpoint.state
    } else {
      parameters.initialize(seed: UInt64(configuration.seed), Initialization(configuration.model.initialization))
      if let path = configuration.model.vectors {
        vectors = try parameters.setEmbeddings(from: path, of: dataset.vocabulary)
      }
      state = TrainingState()
    }
    step = TrainingStep(model: model, optimizer: optimizer, workers: workers)
    evaluator = try configuration.evaluator(of: parameters, dataset: dataset, workers: workers)
    metrics = try MetricsLog(directory.metricsPath, resumingAt: state.step)
    validation = dataset.splits[.validation]
    self.configuration = configuration
    self.dataset = dataset
    self.directory = directory
    self.reporter = reporter
  }

  // MARK: the loop

  /// Trains to the end, or until `stop` says so.
  package func train(until stop: StopRequest) throws -> Outcome {
    let training = configuration.training
    reporter.begin(summary, state: state)
    if state.step == 0 { try save() }

    while state.epoch < training.epochs {
      if let patience = training.earlyStopping?.patience, state.epochsWithoutImprovement >= patience {
        return .stoppedEarly
      }
      if state.window == 0 { model.resetState() }
      while state.window < minibatches.count {
        minibatches.fill(model, index: state.window, epoch: state.epoch, step: state.step + 1)

        let rate = training.learningRate(at: state, stepsPerEpoch: minibatches.count)
        let result = step.run(step: state.step + 1, learningRate: rate)
        try checkFinite(result)
        state.advance(lossSum: result.lossSum, targets: result.targets)
        reporter.step(state, targets: result.targets)

        if state.step % Self.logInterval == 0 { try log(result, learningRate: rate) }
        if state.window < minibatches.count {
          if stop.isRequested {
            try save()
            return .interrupted
          }
          if state.step % configuration.output.checkpointEvery == 0 { try save() }
        }
      }
      try finishEpoch()
      if stop.isRequested && state.epoch < training.epochs { return .interrupted }
    }
    return .allEpochs
  }

  private func finishEpoch() throws {
    let trainLoss = state.epochLoss.mean
    let evaluation = try validation.map { try evaluator.evaluate($0) }
    if let evaluation, !evaluation.natsPerTarget.isFinite {
      throw TrainingError.diverged(step: state.step, epoch: state.epoch + 1, quantity: "validation loss")
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
    let isBest = evaluation != nil && state.bestEpoch == state.epoch
    reporter.epoch(state, trainLoss: trainLoss, validation: evaluation, isBest: isBest)
    try save(isBest: isBest)
  }

  // MARK: what a step leaves behind

  private func checkFinite(_ result: TrainingStep.Result) throws {
    guard result.diverged else { return }
    throw TrainingError.diverged(
      step: state.step + 1, epoch: state.epoch + 1, quantity: result.lossSum.isFinite ? "gradient's norm" : "loss")
  }

  private func log(_ result: TrainingStep.Result, learningRate: Double) throws {
    try metrics.write(
      step: state.step,
      [
        ("epoch", .whole(state.epoch + 1)), ("kind", .word("train")), ("loss", .number(state.recentLoss.mean)),
        ("gradient_norm", .number(result.gradientNorm)), ("learning_rate", .number(learningRate)),
        ("seconds", .number(Date().timeIntervalSince1970)),
      ])
    state.recentLoss = TrainingState.Sum()
  }

  private func save(isBest: Bool = false) throws {
    let checkpoint = Checkpoint(
      of: model, optimizer: optimizer, state: state, configuration: configuration, dataset: dataset)
    try metrics.makeDurable()
    let path = try directory.save(checkpoint, isBest: isBest, keep: configuration.output.keep)
    reporter.saved(path, step: state.step)
  }

  private var summary: RunSummary {
    RunSummary(
      parameters: model.parameters.layout.elementCount, vocabulary: dataset.vocabulary.count,
      trainTokens: dataset.splits[.train]?.tokens.count ?? 0, epochs: configuration.training.epochs,
      stepsPerEpoch: minibatches.count, targetsPerEpoch: minibatches.targetCount, vectors: vectors)
  }
}
