import Compute

/// The total gradient of the loss by one state of one direction of a layer, after every timestep: dL/dh_k along every path
/// from h_k to the loss, up through the layers of its own timestep and on through time, as automatic differentiation
/// gives it for the tensor h_k. A layer's h_k is what its cell computes, before dropout and residual connections.
///
/// For whoever looks at how gradients flow; training keeps none. To be read between runs of the phases.
package struct StateGradient: Sendable {
  /// `h_l0` for the hidden state of the first layer, `c_l0` for its cell state where it has one, with `_reverse` for the
  /// direction that reads backwards.
  package let name: String
  /// Whether it is h; else another state beside it.
  package let isHidden: Bool
  /// [rows, units] in the direction's own time.
  let memory: OwnedMatrix
  let timeline: Timeline
  /// Whether the state is one of a direction that reads backwards.
  package let isReverse: Bool

  /// The Euclidean norm of the gradient by the state after a row's timestep.
  package func norm(row: Int) -> Double {
    memory.view.norm(row: isReverse ? Int(timeline.reversed[row]) : row)
  }
}
