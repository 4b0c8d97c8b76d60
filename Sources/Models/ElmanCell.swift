import Compute

/// h_t = f(z_t) with z_t = V x_t + W h_{t-1} + b (Elman: Finding Structure in Time, Cognitive Science 14, 1990).
///
/// One gate, whose pre-activation is not needed once h_t is known, since f' can be had from f's value: so z_t lives where
/// h_t will, and dL/dz_t where dL/dh_t was.
struct ElmanCell: Cell {
  private let function: ElementFunction
  private let kernels: Kernels
  private let hiddenMemory: OwnedMatrix
  private let gradientMemory: OwnedMatrix
  /// A function with f(0) != 0 fills the padding, which has to stay zero: it is multiplied by in the output layer.
  private let clearsPadding: Bool

  let hidden: PanelMatrix
  let gates: PanelMatrix
  let hiddenGradient: PanelMatrix

  init(_ activation: Activation, streams: Int, timesteps: Int, units: Int, kernels: Kernels) {
    function = activation.function
    self.kernels = kernels
    // The output layer reads whole groups of 16 rows: there is room for the last one.
    hiddenMemory = OwnedMatrix(rows: streams + timesteps * streams + PanelShape.width, columns: units)
    gradientMemory = OwnedMatrix(rows: timesteps * streams, columns: units)
    hidden = hiddenMemory.view
    gates = hidden.rows(streams..<hidden.rows)
    hiddenGradient = gradientMemory.view
    states = [("h", hidden)]
    clearsPadding = activation == .sigmoid && units % PanelShape.width != 0
  }

  var gateGradients: PanelMatrix { hiddenGradient }
  let states: [(name: String, matrix: PanelMatrix)]

  /// h_t = f(z_t)
  func activate(rows: Range<Int>) {
    for panel in 0..<gates.panels {
      let z = gates.pointer(panel: panel, row: rows.lowerBound)
      kernels.apply(function, z, into: z, count: rows.count * PanelShape.width)
    }
    if clearsPadding {
      let last = gates.pointer(panel: gates.panels - 1, row: rows.lowerBound)
      for row in 0..<rows.count {
        for lane in gates.columns % PanelShape.width..<PanelShape.width { last[row * PanelShape.width + lane] = 0 }
      }
    }
  }

  /// dL/dz_t = dL/dh_t * f'(z_t)
  func differentiate(rows: Range<Int>, last: Bool) {
    for panel in 0..<gates.panels {
      kernels.applyGradient(
        of: function, at: gates.pointer(panel: panel, row: rows.lowerBound),
        to: hiddenGradient.pointer(panel: panel, row: rows.lowerBound), count: rows.count * PanelShape.width)
    }
  }
}
