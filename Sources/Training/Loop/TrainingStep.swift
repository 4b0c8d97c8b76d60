import Compute
import Configuration
import Inference
import Models
import Optimizers
import Synchronization

/// One step, from a minibatch of ids to renewed parameters: a list of phases that the workers run.
///
/// Of a minibatch in shards, one after the other goes through the first four, and their gradients are summed.
///
///     forward       input projections and recurrences, layer after layer     shards of streams, or of rows
///     output        logits, softmax, loss and their gradient                  groups of rows
///     backward      back through time, layer after layer                      shards of streams, or of rows
///     reduce        the gradients of shared parameters, summed over rows      tiles of the gradients
///     exchange      the gradients of shards, and of ranks, summed             blocks of the gradients; nothing, where there is one
///     norm, update  clipping, optimizer, means, transposed copies             slices of the parameters
///
/// Of several processes, each computes norm and update of its slice, and all exchange what comes of both.
///
/// Nothing is allocated in a step.
package final class TrainingStep: Sendable {
  package let model: ShardedModel
  package let optimizer: OptimizerStep
  private let averages: AveragedParameters?
  private let runner: ModelRunner<ShardedModel>
  /// Where others update slices too: what there is to do once the squares of all are known, and once their parameters are.
  private let updates, renewals: PhaseList
  private let workers: Workers
  /// How long processes have exchanged what comes of norms and updates.
  private let exchangeTime = Mutex(Duration.zero)

  /// - Parameters:
  ///   - averages: of the model's parameters, where a run has some.
  package init(
    model: ShardedModel, optimizer: OptimizerStep, averages: AveragedParameters? = nil, workers: Workers
  ) {
    self.model = model
    self.optimizer = optimizer
    self.averages = averages
    self.workers = workers
    let squares = model.gradientPhases() + optimizer.squarePhases()
    let updates = optimizer.updatePhases()
    let means = averages.map { [$0.phase()] } ?? []
    let isAlone = !optimizer.slices.areShared
    runner = ModelRunner(model, isAlone ? squares + updates + means : squares, workers: workers)
    self.updates = PhaseList(isAlone ? [] : updates)
    renewals = PhaseList(isAlone ? [] : means + [model.parameters.renewalPhase()])
  }

  /// What phases of each kind have cost in all steps together.
  package var phaseTotals: [PhaseTotal] {
    let exchange = PhaseTotal(kind: .exchange, time: exchangeTime.withLock { $0 })
    return PhaseTotal.sums(
      model.phaseTotals + runner.phases.totals + updates.totals + renewals.totals
        + (optimizer.slices.areShared ? [exchange] : []))
  }
  /// Steps made.
  package var count: Int { runner.phases.runs }
  /// Whether it is found out how recurrences are shared out among the workers: the first steps try.
  package var isSettled: Bool { model.model.sharingTrial.isSettled }

  package struct Result: Sendable {
    /// Nats, summed over the targets.
    package let lossSum: Double
    package let targets: Int
    /// Before clipping.
    package let gradientNorm: Double
    /// The loss, the gradient or the update was not finite: the model is of no use any more.
    package var diverged: Bool { !lossSum.isFinite || !gradientNorm.isFinite || overflowed }
    /// The update led to a number that isn't finite; where the gradient is, too, the parameters are what they were.
    package let overflowed: Bool
  }

  /// Trains on a minibatch.
  ///
  /// - Parameters:
  ///   - step: counts updates from 1.
  ///   - averagingWeight: what the step's parameters weigh in the averages; nil: nothing.
  ///   - fill: puts the minibatch in; if it throws, nothing is trained.
  package func run(
    step: Int, learningRate: Double, averagingWeight: Float? = nil, fill: (Minibatch) throws -> Void
  ) rethrows -> Result {
    optimizer.prepare(step: step, learningRate: learningRate)
    averages?.prepare(weight: averagingWeight)
    return try runner.run(step: step, fill: fill) { model in
      if optimizer.slices.areShared { updateSlices() }
      noteRecurrenceTime()
      return Result(
        lossSum: model.lossSum, targets: model.minibatch.targetCount, gradientNorm: optimizer.gradientNorm,
        overflowed: optimizer.overflowed)
    }
  }

  private func updateSlices() {
    timed { optimizer.shareSquares() }
    workers.run(updates)
    timed { optimizer.shareUpdate(by: workers) }
    workers.run(renewals)
  }

  private func timed(_ exchange: () -> Void) {
    let begun = ContinuousClock.now
    exchange()
    exchangeTime.withLock { $0 += ContinuousClock.now - begun }
  }

  private static let recurrent: Set<Phase.Kind> = [.forward, .backward]

  private func noteRecurrenceTime() {
    let trial = model.model.sharingTrial
    guard !trial.isSettled else { return }
    let time = model.time(of: Self.recurrent) + runner.phases.time(of: Self.recurrent)
    trial.note(timeSoFar: time, rows: model.minibatch.rows)
  }
}
