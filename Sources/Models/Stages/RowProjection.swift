import Compute

/// The projection of what goes into a layer row by row.
struct RowProjection: InputProjection {
  private let input: Activations
  private let minibatch: Minibatch
  private let weights: [InputWeights]
  private let directions: [RecurrentDirection]
  private let isResidual: Bool
  private let kinds: PhaseKinds
  private let workers: Int

  /// - Parameters:
  ///   - input: [rows, inputs]
  ///   - isResidual: whether a residual connection has a gradient of the input, which is added to.
  init(
    _ input: Activations, of minibatch: Minibatch, _ weights: [InputWeights], into directions: [RecurrentDirection],
    isResidual: Bool, kinds: PhaseKinds, workers: Int
  ) {
    self.input = input
    self.minibatch = minibatch
    self.weights = weights
    self.directions = directions
    self.isResidual = isResidual
    self.kinds = kinds
    self.workers = workers
  }

  func forwardPhases() -> [Phase] {
    [
      Phase(kinds.forward, rows: { [minibatch] in minibatch.rows }, workers: workers) { [self] rows in
        for (weights, direction) in zip(weights, directions) {
          weights.project(input.values.rows(rows), into: direction.inputGates.rows(rows))
        }
      }
    ]
  }

  /// A direction that reads backwards gathers its rows from the minibatch's order.
  func place(rows: Range<Int>, panels: Range<Int>, of direction: RecurrentDirection, into gates: PanelMatrix) {
    guard direction.isReverse else { return }
    gates.gatherRows(
      of: direction.inputGates.panels(panels), index: minibatch.timeline.reversed.base + rows.lowerBound)
  }

  func backwardPhases(into gradients: Gradients) -> [Phase] {
    [
      Phase(kinds.backward, rows: { [minibatch] in minibatch.rows }, workers: workers) { [self] rows in
        for (index, direction) in directions.enumerated() {
          weights[index].projectBack(
            direction.inputGateGradients.rows(rows), into: input.gradient.rows(rows),
            start: index == 0 && !isResidual ? .zero : .accumulate)
        }
      }
    ]
  }

  func reduction(into gradients: Gradients) -> [ReductionJob] {
    zip(weights, directions).flatMap { weights, direction in
      weights.reduction(into: gradients) { [input, minibatch] in
        let rows = 0..<minibatch.rows
        return (input.values.rows(rows), direction.inputGateGradients.rows(rows))
      }
    }
  }

  func contributions() -> [WeightContribution] {
    let (x, timeline) = (input.values, minibatch.timeline)
    return zip(weights, directions).map { weights, direction in
      weights.contribution(to: direction, timeline: timeline) { timestep in
        x.rows(timeline.rows(timestep: timestep, 0..<timeline.sequences))
      }
    }
  }
}
