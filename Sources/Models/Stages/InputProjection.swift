import Compute

/// x V + b for a recurrent layer, in all its directions: one product for all timesteps.
protocol InputProjection: Stage {
  /// Puts projected inputs where a direction's recurrence wants them, if they aren't there yet.
  ///
  /// - Parameters:
  ///   - rows: of one timestep in the direction's own time.
  ///   - panels: of gates.
  ///   - gates: these rows and panels of them.
  func place(rows: Range<Int>, panels: Range<Int>, of direction: RecurrentDirection, into gates: PanelMatrix)
  /// [direction] what each timestep adds to dV: dz_k x_k^T, after the backward pass.
  func contributions() -> [WeightContribution]
}

/// What one direction of a layer multiplies its input by.
struct InputWeights {
  private let handle: Parameter.Handle
  /// V, [inputs, gates x units].
  private let weight: PanelMatrix
  private let transposed: PanelMatrix
  /// b, [1, gates x units].
  private let bias: PanelMatrix
  private let kernels: Kernels

  init(_ direction: DirectionParameters, of parameters: Parameters) {
    handle = direction.inputWeight
    weight = parameters.view(direction.inputWeight)
    transposed = parameters.transposed(direction.inputWeight)
    bias = parameters.view(direction.bias)
    kernels = parameters.kernels
  }

  /// projection = x V + b: [n, inputs] -> [n, gates x units].
  func project(_ x: PanelMatrix, into projection: PanelMatrix) {
    kernels.multiply(x, weight, into: projection, start: .columnBias(bias.base))
  }

  /// dx = start + dz V^T: [n, gates x units] -> [n, inputs].
  func projectBack(_ dz: PanelMatrix, into dx: PanelMatrix, start: Kernels.Start) {
    kernels.multiply(dz, transposed, into: dx, start: start)
  }

  /// dV = x^T dz.
  ///
  /// - Parameter operands: x [n, inputs] and dz [n, gates x units].
  func reduction(
    into gradients: Gradients, _ operands: @escaping @Sendable () -> (x: PanelMatrix, dz: PanelMatrix)
  ) -> [ReductionJob] {
    let (gradient, kernels) = (gradients.view(handle), kernels)
    return ReductionTile.all(of: gradient).map { tile in
      ReductionJob(at: tile.place) {
        let (x, dz) = operands()
        kernels.multiply(
          x.panels(tile.rowPanels), transposed: true, dz.panels(tile.panels), into: tile.view(of: gradient),
          start: .zero
        )
      }
    }
  }

  /// What each timestep adds to dV.
  ///
  /// - Parameter operand: x_k of a timestep, [sequences that have it, inputs].
  func contribution(
    to direction: RecurrentDirection, timeline: Timeline,
    operand: @escaping @Sendable (_ timestep: Int) -> PanelMatrix
  ) -> WeightContribution {
    WeightContribution(
      handle, isReverse: direction.isReverse, timeline: timeline, gateGradients: direction.inputGateGradients,
      isInReverseTime: false, kernels: kernels, operand: operand)
  }
}
