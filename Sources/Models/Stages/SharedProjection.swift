import Compute

/// The projection of distinct inputs: once for each, however many rows have it. Each timestep gathers its rows.
struct SharedProjection: InputProjection {
  private let vectors: InputVectors
  private let minibatch: Minibatch
  private let weights: [InputWeights]
  private let directions: [RecurrentDirection]
  /// [direction] of [distinct, gates x units]: projected vectors, and on the backward pass the sums of the gates' gradients
  /// by distinct input, since they are not needed at the same time.
  private let projections: [OwnedMatrix]
  private let kinds: PhaseKinds
  private let workers: Int

  init(
    _ vectors: InputVectors, of minibatch: Minibatch, _ weights: [InputWeights], into directions: [RecurrentDirection],
    kinds: PhaseKinds, workers: Int
  ) {
    self.vectors = vectors
    self.minibatch = minibatch
    self.weights = weights
    self.directions = directions
    self.kinds = kinds
    self.workers = workers
    projections = directions.map { OwnedMatrix(rows: vectors.capacity, columns: $0.inputGates.columns) }
  }

  /// [distinct, gates x units]
  private func projection(_ direction: Int) -> PanelMatrix {
    projections[direction].view.rows(0..<minibatch.distinctCount)
  }

  func forwardPhases() -> [Phase] {
    [
      Phase(kinds.forward, rows: { [minibatch] in minibatch.distinctCount }, workers: workers) { [self] rows in
        for (direction, weights) in weights.enumerated() {
          weights.project(vectors.values.rows(rows), into: projection(direction).rows(rows))
        }
      }
    ]
  }

  func place(rows: Range<Int>, panels: Range<Int>, of direction: RecurrentDirection, into gates: PanelMatrix) {
    let slots = direction.isReverse ? minibatch.reversedSlots : minibatch.slots
    gates.gatherRows(of: projection(direction.index).panels(panels), index: slots.base + rows.lowerBound)
  }

  func backwardPhases(into gradients: Gradients) -> [Phase] {
    [
      Phase(kinds.backward, jobs: { directions.reduce(0) { $0 + $1.inputGateGradients.panels } }) { [self] job in
        var panel = job
        for (index, direction) in directions.enumerated() {
          let dz = direction.inputGateGradients
          if panel < dz.panels {
            return projection(index).sumRows(
              of: dz, index: minibatch.rowsByToken.base, start: minibatch.rowStarts.base, panels: panel..<panel + 1)
          }
          panel -= dz.panels
        }
      },
      Phase(kinds.backward, rows: { [minibatch] in minibatch.distinctCount }, workers: workers) { [self] rows in
        for (direction, weights) in weights.enumerated() {
          weights.projectBack(
            projection(direction).rows(rows), into: vectors.gradients.rows(rows),
            start: direction == 0 ? .zero : .accumulate)
        }
      },
    ]
  }

  func reduction(into gradients: Gradients) -> [ReductionJob] {
    weights.enumerated().flatMap { direction, weights in
      weights.reduction(into: gradients) { (vectors.values, projection(direction)) }
    }
  }

  /// Each gathers a timestep's vectors in memory of its own.
  func contributions() -> [WeightContribution] {
    let (vectors, slots, timeline) = (vectors, minibatch.slots, minibatch.timeline)
    return zip(weights, directions).map { weights, direction in
      let x = OwnedMatrix(rows: timeline.capacity.sequences, columns: vectors.widths.columns)
      return weights.contribution(to: direction, timeline: timeline) { timestep in
        let rows = timeline.rows(timestep: timestep, 0..<timeline.sequences)
        let gathered = x.view.rows(0..<rows.count)
        gathered.gatherRows(of: vectors.values, index: slots.base + rows.lowerBound)
        return gathered
      }
    }
  }
}
