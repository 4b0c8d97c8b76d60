import Compute
import Models

/// A mean of the parameters that steps have come to: after each step that counts
///
///     mean = mean + weight (parameters - mean)
///
/// where a weight of 1 begins the mean anew. All parameters count in every such step, rows without a gradient as well: what
/// they cost is three floats read or written for each parameter, 12 bytes, beside what the optimizer costs.
///
/// What it keeps from step to step is the mean alone. Memory that no mean has begun in takes no pages.
package final class AveragedParameters: @unchecked Sendable {
  // Unchecked: `weight` is written by the training loop between steps; arenas as Arena says.

  /// The mean, as a model's parameters, without the transposed copies, which only training needs.
  package let mean: Parameters
  private let parameters: Parameters
  private var weight: Float?

  /// Floats that a job averages.
  private static let block = 16_384

  /// - Parameter parameters: those that steps change.
  package init(of parameters: Parameters) {
    self.parameters = parameters
    mean = Parameters(parameters.shape, kernels: parameters.kernels)
  }

  /// Sets what the coming step's parameters weigh; nil: the step doesn't count.
  package func prepare(weight: Float?) { self.weight = weight }

  /// Takes the parameters in, behind the update: a job for each block of the arena.
  package func phase() -> Phase {
    let count = parameters.layout.floatCount
    let jobs = (count + Self.block - 1) / Self.block
    return Phase(.average, jobs: { [self] in weight == nil ? 0 : jobs }) { [self] job in
      guard let weight else { return }
      let offset = job * Self.block
      Self.average(
        mean.values.base + offset, parameters.values.base + offset, count: min(Self.block, count - offset), weight)
    }
  }

  /// A loop that the compiler makes vectors of: each operation is rounded on its own, so the bits are the same on every
  /// instruction set.
  private static func average(_ mean: FloatPointer, _ values: UnsafePointer<Float>, count: Int, _ weight: Float) {
    Watchdog.reads(values, count: count)
    Watchdog.writes(mean, count: count)
    if weight == 1 { return mean.update(from: values, count: count) }
    for i in 0..<count { mean[i] += weight * (values[i] - mean[i]) }
  }
}
