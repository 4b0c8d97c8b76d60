import Configuration

/// Where a run stands, apart from its parameters: with them, all that a run needs to go on as if nothing had happened.
package struct TrainingState: Sendable, Equatable {
  /// Steps done.
  package var step = 0
  /// Epochs done.
  package var epoch = 0
  /// Minibatches of the current epoch done.
  package var minibatch = 0
  /// Nats and targets of the current epoch.
  package var epochLoss = Sum()
  /// Nats and targets since the last line of metrics.
  package var recentLoss = Sum()
  /// What `Measure.cost` was after each epoch: a language model's validation loss, a tagger's share of wrong tags.
  package var validationMeasures: [Double] = []
  /// How often the run went back to a checkpoint because it diverged; each time halves the learning rate.
  package var rollbacks = 0
  package var rollbackSteps = RollbackSteps()

  package init() {}

  /// The steps that a rollback may return to: those of the newest two checkpoints that aren't owed to a request, since a
  /// signal must not change what a run computes.
  package struct RollbackSteps: Sendable, Equatable {
    package var last: Int
    package var earlier: Int

    /// - Parameter step: that of the only checkpoint to return to.
    package init(only step: Int = 0) { (last, earlier) = (step, step) }

    mutating func add(_ step: Int) {
      guard step > last else { return }
      (earlier, last) = (last, step)
    }
  }

  /// A loss in nats, over some targets.
  package struct Sum: Sendable, Equatable {
    package var nats = 0.0
    package var targets = 0

    package init() {}

    /// Nats per target.
    package var mean: Double { nats / Double(max(targets, 1)) }

    mutating func add(nats: Double, targets: Int) {
      self.nats += nats
      self.targets += targets
    }
  }

  /// Takes a step's result in.
  mutating func advance(lossSum: Double, targets: Int) {
    step += 1
    minibatch += 1
    epochLoss.add(nats: lossSum, targets: targets)
    recentLoss.add(nats: lossSum, targets: targets)
  }

  /// - Parameter validationMeasure: nil without a validation split.
  mutating func finishEpoch(validationMeasure: Double?) {
    epoch += 1
    minibatch = 0
    epochLoss = Sum()
    if let validationMeasure { validationMeasures.append(validationMeasure) }
  }

  /// The epoch with the lowest measure, the first of several; counted from 1.
  package var bestEpoch: Int? {
    guard let lowest = validationMeasures.min(), let index = validationMeasures.firstIndex(of: lowest) else {
      return nil
    }
    return index + 1
  }

  /// The step whose checkpoint is the best one: epochs are all of the same number of steps. Nil without a validation.
  var bestStep: Int? { bestEpoch.flatMap { epoch > 0 ? (step - minibatch) / epoch * $0 : nil } }

  /// Whether this is where the best checkpoint belongs.
  var isBest: Bool { step == bestStep }

  /// Whether the measure has stopped getting better, by what the configuration calls so.
  func hasStoppedEarly(_ training: RunConfiguration.Training) -> Bool {
    training.earlyStopping.map { epochsWithoutImprovement >= $0.patience } ?? false
  }

  /// Whether there is nothing left to train.
  package func isOver(_ training: RunConfiguration.Training) -> Bool {
    epoch >= training.epochs || hasStoppedEarly(training)
  }

  /// Epochs since the measure last fell below all before it.
  package var epochsWithoutImprovement: Int { bestEpoch.map { validationMeasures.count - $0 } ?? 0 }
}
