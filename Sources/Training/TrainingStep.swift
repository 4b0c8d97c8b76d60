import Compute
import Configuration
import Models

/// One step, from a minibatch of ids to renewed parameters: a list of phases that the workers run.
///
///     forward       input projections and recurrences, layer after layer     shards of streams, or of rows
///     output        logits, softmax, loss and their gradient                  groups of rows
///     backward      back through time, layer after layer                      shards of streams, or of rows
///     reduce        the gradients of shared parameters, summed over rows      tiles of the gradients
///     norm, update  clipping, optimizer, transposed copies                    slices of the parameters
///
/// Nothing is allocated in a step.
package final class TrainingStep: Sendable {
  package let model: SequenceModel
  package let optimizer: Optimizer
  private let workers: Workers
  private let phases: PhaseList

  package init(model: SequenceModel, optimizer: Optimizer, workers: Workers) {
    self.model = model
    self.optimizer = optimizer
    self.workers = workers
    phases = PhaseList(
      model.forwardPhases() + model.outputPhases() + model.backwardPhases() + model.reducePhases()
        + optimizer.phases() + [model.parameters.renewalPhase()])
  }

  /// How long phases of each kind have taken in all steps together.
  package var phaseTimes: [(kind: Phase.Kind, time: Duration)] { phases.times }
  /// Steps made.
  package var count: Int { phases.runs }

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

  /// Trains on the model's minibatch, which is filled and prepared, and hands its state to the next.
  ///
  /// - Parameter step: counts updates from 1.
  package func run(step: Int, learningRate: Double) -> Result {
    model.begin(step: step)
    optimizer.prepare(step: step, learningRate: learningRate)
    workers.run(phases)
    noteRecurrenceTime()
    let lossSum = model.lossSum
    let result = Result(
      lossSum: lossSum, targets: model.minibatch.targetCount, gradientNorm: optimizer.gradientNorm,
      overflowed: optimizer.overflowed)
    model.carryState()
    return result
  }

  private static let recurrent: Set<Phase.Kind> = [.forward, .backward]

  private func noteRecurrenceTime() {
    guard !model.sharingTrial.isSettled else { return }
    model.sharingTrial.note(timeSoFar: phases.time(of: Self.recurrent), rows: model.minibatch.rows)
  }
}
