import Compute
import Foundation

/// What each use of a shared weight adds to its gradient: for the row of timestep k the outer product of dz_k, the gradient
/// of the pre-activations, and of what the weight multiplies there, h_{k-1} for W and x_k for V. After a backward pass of the
/// loss at a timestep t alone, that is the contribution of the pair (t, k) to dL/dW and dL/dV.
///
/// For whoever looks at how gradients flow. To be read between runs of the phases, by one thread at a time.
package struct WeightContribution: Sendable {
  /// The weight: V or W by its role.
  package let weight: Parameter.Handle
  /// Whether the weight belongs to a direction that reads backwards.
  package let isReverse: Bool

  private let timeline: Timeline
  /// [rows, gates x units]
  private let gateGradients: PanelMatrix
  /// Whether rows are in the time of a direction that begins at each sequence's last timestep.
  private let isInReverseTime: Bool
  /// What the weight multiplies at a timestep, [sequences that have it, inputs].
  private let operand: @Sendable (_ timestep: Int) -> PanelMatrix
  private let kernels: Kernels

  init(
    _ weight: Parameter.Handle, isReverse: Bool, timeline: Timeline, gateGradients: PanelMatrix,
    isInReverseTime: Bool, kernels: Kernels, operand: @escaping @Sendable (_ timestep: Int) -> PanelMatrix
  ) {
    self.weight = weight
    self.isReverse = isReverse
    self.timeline = timeline
    self.gateGradients = gateGradients
    self.isInReverseTime = isInReverseTime
    self.kernels = kernels
    self.operand = operand
  }

  /// Calls back with the Frobenius norm of every row's contribution, in the sequence's order of timesteps or the other way
  /// round. An outer product's norm is the product of its factors'. Cost: O(rows (inputs + gates x units)).
  package func forEachNorm(_ body: (_ sequence: Int, _ timestep: Int, _ norm: Double) -> Void) {
    forEachTimestep { time, factors, gates in
      for sequence in 0..<gates.rows {
        let timestep = isInReverseTime ? timeline.length(sequence) - 1 - time : time
        body(sequence, timestep, factors.norm(row: sequence) * gates.norm(row: sequence))
      }
    }
  }

  /// Adds all rows' contributions to a sum, timestep after timestep, as the textbooks' sum over k has them.
  ///
  /// - Parameter sum: [inputs, gates x units], as the weight's gradient is stored. Cost: 2 FLOP per element and row.
  package func addAll(to sum: PanelMatrix) {
    forEachTimestep { _, factors, gates in
      kernels.multiply(factors, transposed: true, gates, into: sum, start: .accumulate)
    }
  }

  private func forEachTimestep(_ body: (_ time: Int, _ factors: PanelMatrix, _ gates: PanelMatrix) -> Void) {
    for time in 0..<timeline.timesteps {
      body(time, operand(time), gateGradients.rows(timeline.rows(timestep: time, 0..<timeline.sequences)))
    }
  }
}

extension PanelMatrix {
  /// The Euclidean norm of a row.
  package func norm(row: Int) -> Double {
    var sum = 0.0
    for column in 0..<columns {
      let element = Double(self[row, column])
      sum += element * element
    }
    return sum.squareRoot()
  }
}

extension SequenceModel {
  /// The weight U of the output layer, [classes, hidden]; nil where the distribution follows from several.
  package var outputWeight: Parameter? {
    guard case .softmax(let weight, _) = parameters.layout.output.distribution else { return nil }
    return parameters.layout[weight]
  }

  /// The Frobenius norm of dL_t/dU in nats, for a row of timestep t with a target and a model that has U: of
  /// (y_t - 1 at the target) h_t^T, which is all that the row adds to dL/dU. After the forward phases; cost: the row's logits.
  package func outputContributionNorm(row: Int) -> Double {
    var logits = [Float](repeating: 0, count: parameters.shape.classes)
    logits.withUnsafeMutableBufferPointer { self.logits(row: row, into: $0) }
    let largest = Double(logits.max() ?? 0)
    let exponentials = logits.map { exp(Double($0) - largest) }
    let sum = exponentials.reduce(0, +)
    let target = Int(minibatch.targets[row])
    let squares = exponentials.enumerated().reduce(0.0) { squares, element in
      let gradient = element.element / sum - (element.offset == target ? 1 : 0)
      return squares + gradient * gradient
    }
    return squares.squareRoot() * outputInput.norm(row: row)
  }
}
