import Compute

/// A part of a model between ids and the last hidden states, with its forward pass, its backward pass, which mirrors it, and
/// the sums of its gradients side by side. A model is a list of stages: forward from first to last, backward from last to
/// first.
protocol Stage: Sendable {
  func forwardPhases() -> [Phase]
  /// From the gradients of what the stage gives to those of what it reads. Gradients of parameters whose rows are few are
  /// put where they belong; those of weights are summed by `reduction`.
  func backwardPhases(into gradients: Gradients) -> [Phase]
  /// Jobs of one phase after the backward pass, each of which sums one tile of a weight's gradient over all rows in order.
  func reduction(into gradients: Gradients) -> [ReductionJob]
}

/// Sums a part of a parameter's gradient over all rows in order.
struct ReductionJob: Sendable {
  /// Where in the parameter the part begins, from 0 to 1: the same worker updates it.
  let place: Double
  let run: @Sendable () -> Void

  init(at place: Double = 0, run: @escaping @Sendable () -> Void) { (self.place, self.run) = (place, run) }
}

extension Stage {
  func reduction(into gradients: Gradients) -> [ReductionJob] { [] }
}

/// What one stage gives and the next reads, [rows, columns] each: values and, on the backward pass, their gradient. The
/// gradient of a model that is only evaluated has no memory.
struct Activations {
  /// May have more rows than a minibatch, of any content.
  let values: PanelMatrix
  let gradient: PanelMatrix
}

/// What the training loop says of a step before it begins.
final class StepSettings: @unchecked Sendable {
  // Unchecked: written between steps.

  /// Which step's random numbers are drawn: counts updates from 1.
  var number = 0
  /// What losses and their gradients are divided by; nil: the minibatch's own targets.
  var targets: Int?
}

extension Phase {
  /// A phase over rows, in shares of whole register tiles.
  convenience init(
    _ kind: Kind, rows: @escaping @Sendable () -> Int, workers: Int, _ run: @escaping @Sendable (Range<Int>) -> Void
  ) {
    let shares = { @Sendable in GuidedShares(of: rows(), workers: workers, unit: 12) }
    self.init(kind, jobs: { shares().count }) { run(shares()[$0]) }
  }

  /// A phase that sums gradients.
  convenience init(_ reduction: [ReductionJob], workers: Int) {
    let jobs = arranged(reduction, near: workers, place: \.place).map(\.run)
    self.init(.reduce, taking: .near, jobs: { jobs.count }) { jobs[$0]() }
  }
}
