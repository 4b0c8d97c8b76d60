import Compute
import Models

/// The seam of a step, between the last gradient and the norm: here gradients may be summed with those of other shards of
/// the minibatch.
///
/// Whoever sums them divides by the targets of the whole minibatch: see `TrainingStep.run`.
package protocol GradientExchange: Sendable {
  /// Phases, of kind `exchange`, that make of the gradients of this step's minibatch those of all shards together: the arena
  /// of those in all rows, and the row gradients, whose sets of rows may grow up to their capacity.
  func phases(summing gradients: Gradients) -> [Phase]
}

/// The minibatch is all there is: nothing is summed, and nothing costs.
package struct NoExchange: GradientExchange {
  package init() {}

  package func phases(summing gradients: Gradients) -> [Phase] { [] }
}
