import Compute

/// The gated recurrent unit (Cho et al., EMNLP 2014) in PyTorch's form, with the reset gate applied after the recurrent
/// product:
///
///     r = sigmoid(z_r + u_r)    z = sigmoid(z_z + u_z)    n = tanh(z_n + r u_n)
///     h_t = (1 - z) n + z h_{t-1}
///
/// where z_* = V x_t + b and u_* = W h_{t-1} + b'. Since r multiplies u_n, the recurrent side has a bias and a matrix of its
/// own. The three gates of 16 units stand in three panels side by side; gradients of the pre-activations take the place of
/// their values.
struct GRUCell: Cell {
  private let kernels: Kernels
  private let streams: Int
  private let hiddenMemory: OwnedMatrix
  private let gateMemory: OwnedMatrix
  private let recurrentMemory: OwnedMatrix
  private let hiddenGradientMemory: OwnedMatrix
  let states: [(name: String, matrix: PanelMatrix)]

  private static let gateCount = CellKind.gru.gates

  init(streams: Int, timesteps: Int, units: Int, kernels: Kernels) {
    self.kernels = kernels
    self.streams = streams
    let rows = streams * timesteps
    // The output layer reads whole groups of 16 rows: there is room for the last one.
    hiddenMemory = OwnedMatrix(rows: streams + rows + PanelShape.width, columns: units)
    hiddenGradientMemory = OwnedMatrix(rows: rows, columns: units)
    let columns = CellKind.gru.gateColumns(units: units)
    gateMemory = OwnedMatrix(rows: rows, columns: columns)
    recurrentMemory = OwnedMatrix(rows: rows, columns: columns)
    states = [("h", hiddenMemory.view)]
  }

  var gates: PanelMatrix { gateMemory.view }
  var recurrentGates: PanelMatrix? { recurrentMemory.view }
  var gateGradients: PanelMatrix { gateMemory.view }
  var recurrentGateGradients: PanelMatrix { recurrentMemory.view }
  var hidden: PanelMatrix { hiddenMemory.view }
  var hiddenGradient: PanelMatrix { hiddenGradientMemory.view }

  private func gates(
    of matrix: PanelMatrix, _ panel: Int, _ row: Int
  ) -> (r: FloatPointer, z: FloatPointer, n: FloatPointer) {
    func gate(_ index: Int) -> FloatPointer { matrix.pointer(panel: panel * Self.gateCount + index, row: row) }
    return (gate(0), gate(1), gate(2))
  }

  func activate(rows: Range<Int>) {
    let row = rows.lowerBound
    for panel in 0..<hidden.panels {
      kernels.gru(
        input: gates(of: gates, panel, row), recurrent: gates(of: recurrentMemory.view, panel, row),
        before: hidden.pointer(panel: panel, row: row), h: hidden.pointer(panel: panel, row: row + streams),
        count: rows.count * PanelShape.width)
    }
  }

  func differentiate(rows: Range<Int>, last: Bool) {
    let row = rows.lowerBound
    for panel in 0..<hidden.panels {
      kernels.gruGradient(
        input: gates(of: gates, panel, row), recurrent: gates(of: recurrentMemory.view, panel, row),
        before: hidden.pointer(panel: panel, row: row), dh: hiddenGradient.pointer(panel: panel, row: row),
        // The carried state's gradient ends here: truncated BPTT.
        dhBefore: row < streams ? nil : hiddenGradient.pointer(panel: panel, row: row - streams),
        count: rows.count * PanelShape.width)
    }
  }
}
