import Compute

/// What training adds to the loss for the activations of the last layer (Merity, McCann, Socher: Revisiting Activation
/// Regularization for Language RNNs, 2017; Merity, Keskar, Socher, ICLR 2018):
///
///     activation mean(y^2) + temporal mean((h_t - h_{t-1})^2)
///
/// y is what the output layer reads, after dropout, and the first mean is over all its elements in a minibatch. h are the
/// layer's hidden states before dropout, and the second mean is over all pairs of timesteps of a sequence that follow each
/// other in the minibatch, and over units.
///
/// Gradients have them; losses that are reported don't.
package struct ActivationPenalties: Sendable, Equatable {
  /// Alpha of activation regularization.
  package var activation = 0.0
  /// Beta of temporal activation regularization.
  package var temporal = 0.0

  package init() {}
}

/// Adds the gradient of one of the penalties to that of activations.
struct ActivationPenalty: Stage {
  enum Kind {
    /// weight mean(x^2)
    case size
    /// weight mean((x_t - x_{t-1})^2)
    case change
  }

  private let kind: Kind
  private let weight: Double
  private let activations: Activations
  /// Columns without padding.
  private let width: Int
  private let minibatch: Minibatch
  private let step: StepSettings
  private let workers: Int

  /// - Parameters:
  ///   - weight: nil if it is 0.
  ///   - activations: x, [rows, columns] in the minibatch's order.
  init?(
    _ kind: Kind, weight: Double, of activations: Activations, width: Int, minibatch: Minibatch, step: StepSettings,
    workers: Int
  ) {
    guard weight > 0 else { return nil }
    (self.kind, self.weight, self.activations, self.width) = (kind, weight, activations, width)
    (self.minibatch, self.step, self.workers) = (minibatch, step, workers)
  }

  func forwardPhases() -> [Phase] { [] }

  func backwardPhases(into gradients: Gradients) -> [Phase] {
    let timeline = minibatch.timeline
    let jobs = { @Sendable [workers] in max(1, min(2 * workers, timeline.sequences)) }
    return [
      Phase(.output, jobs: jobs) { [self] job in
        let sequences = timeline.share(job: job, jobs: jobs())
        switch kind {
        case .size: addSize(of: sequences)
        case .change: addChange(of: sequences)
        }
      }
    ]
  }

  /// Twice the weight, divided by the elements of a mean; of a shard its part of that, by its targets.
  private func factor(rows: Int) -> Float {
    let share = step.targets.map { Double(minibatch.targetCount) / Double($0) } ?? 1
    return Float(2 * weight * share / Double(rows * width))
  }

  private func addSize(of sequences: Range<Int>) {
    let (x, dx, factor) = (activations.values, activations.gradient, factor(rows: minibatch.rows))
    minibatch.timeline.forEachTimestep(of: sequences) { rows in
      dx.rows(rows).addRows(of: x.rows(rows), times: factor)
    }
  }

  private func addChange(of sequences: Range<Int>) {
    let (x, dx, timeline) = (activations.values, activations.gradient, minibatch.timeline)
    let pairs = minibatch.rows - timeline.sequences
    guard pairs > 0 else { return }
    let factor = factor(rows: pairs)
    for timestep in 1..<timeline.timesteps {
      let rows = timeline.rows(timestep: timestep, sequences)
      if rows.isEmpty { return }
      let first = timeline.row(timestep - 1, sequences.lowerBound)
      let before = first..<first + rows.count
      dx.rows(rows).addRows(of: x.rows(rows), minus: x.rows(before), times: factor)
      dx.rows(before).addRows(of: x.rows(before), minus: x.rows(rows), times: factor)
    }
  }
}
