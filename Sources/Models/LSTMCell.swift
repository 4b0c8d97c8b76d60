import Compute

/// Long short-term memory (Hochreiter and Schmidhuber, Neural Computation 9, 1997; with forget gates: Gers, Schmidhuber,
/// Cummins, 2000), in PyTorch's form and order of gates:
///
///     i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)    g = tanh(z_g)
///     c_t = f c_{t-1} + i g                                 h_t = o tanh(c_t)
///
/// The four gates of 16 units stand in four panels side by side. Gradients of the pre-activations take the place of the
/// gates' values.
struct LSTMCell: Cell {
  private let kernels: Kernels
  private let streams: Int
  private let hiddenMemory: OwnedMatrix
  private let cellMemory: OwnedMatrix
  private let gateMemory: OwnedMatrix
  private let squashedMemory: OwnedMatrix
  private let hiddenGradientMemory: OwnedMatrix
  /// [B, units] dL/dc on its way from timestep to timestep.
  private let cellGradient: OwnedMatrix
  let states: [(name: String, matrix: PanelMatrix)]

  private static let gateCount = CellKind.lstm.gates

  init(streams: Int, timesteps: Int, units: Int, kernels: Kernels) {
    self.kernels = kernels
    self.streams = streams
    let rows = streams * timesteps
    // The output layer reads whole groups of 16 rows: there is room for the last one.
    hiddenMemory = OwnedMatrix(rows: streams + rows + PanelShape.width, columns: units)
    cellMemory = OwnedMatrix(rows: streams + rows, columns: units)
    squashedMemory = OwnedMatrix(rows: rows, columns: units)
    hiddenGradientMemory = OwnedMatrix(rows: rows, columns: units)
    cellGradient = OwnedMatrix(rows: streams, columns: units)
    gateMemory = OwnedMatrix(rows: rows, columns: CellKind.lstm.gateColumns(units: units))
    states = [("h", hiddenMemory.view), ("c", cellMemory.view)]
  }

  var gates: PanelMatrix { gateMemory.view }
  var gateGradients: PanelMatrix { gateMemory.view }
  var hidden: PanelMatrix { hiddenMemory.view }
  var hiddenGradient: PanelMatrix { hiddenGradientMemory.view }

  private func gates(_ panel: Int, _ row: Int) -> (i: FloatPointer, f: FloatPointer, g: FloatPointer, o: FloatPointer) {
    func gate(_ index: Int) -> FloatPointer { gates.pointer(panel: panel * Self.gateCount + index, row: row) }
    return (gate(0), gate(1), gate(2), gate(3))
  }

  func activate(rows: Range<Int>) {
    let (row, c, tanhC) = (rows.lowerBound, cellMemory.view, squashedMemory.view)
    for panel in 0..<tanhC.panels {
      kernels.lstm(
        gates: gates(panel, row), before: c.pointer(panel: panel, row: row),
        c: c.pointer(panel: panel, row: row + streams), tanhC: tanhC.pointer(panel: panel, row: row),
        h: hidden.pointer(panel: panel, row: row + streams), count: rows.count * PanelShape.width)
    }
  }

  func differentiate(rows: Range<Int>, last: Bool) {
    let (row, stream) = (rows.lowerBound, rows.lowerBound % streams)
    let (c, tanhC, dc) = (cellMemory.view, squashedMemory.view, cellGradient.view)
    if last { dc.rows(stream..<stream + rows.count).zeroRows() }
    for panel in 0..<tanhC.panels {
      kernels.lstmGradient(
        gates: gates(panel, row), before: c.pointer(panel: panel, row: row),
        tanhC: tanhC.pointer(panel: panel, row: row), dh: hiddenGradient.pointer(panel: panel, row: row),
        dc: dc.pointer(panel: panel, row: stream), count: rows.count * PanelShape.width)
    }
  }
}
