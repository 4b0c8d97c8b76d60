import Compute

/// The gated recurrent unit (Cho et al., EMNLP 2014) in PyTorch's form, with the reset gate applied after the recurrent
/// product:
///
///     r = sigmoid(z_r + u_r)    z = sigmoid(z_z + u_z)    n = tanh(z_n + r u_n)
///     h_t = (1 - z) n + z h_{t-1}
///
/// where z_* = V x_t + b and u_* = W h_{t-1} + b'. Since r multiplies u_n, the recurrent side has a bias and a matrix of its
/// own.
package struct GRU: CellKind {
  package init() {}

  package var name: String { "gru" }
  package var gates: [Gate] { [Gate("r"), Gate("z"), Gate("n")] }
  package var hasRecurrentBias: Bool { true }

  package var equations: CellEquations? {
    CellEquations([
      CellEquations.gate("r", "\\sigma"), CellEquations.gate("z", "\\sigma"),
      "n_t=\\tanh(V_n x_t+b_n+r_t\\odot(W_n h_{t-1}+b_n^{'}))", "h_t=(1-z_t)\\odot n_t+z_t\\odot h_{t-1}",
    ])
  }

  package func makeCell(_ memory: CellMemory, kernels: Kernels) -> any Cell {
    GRUCell(memory, columns: gateColumns(units: memory.units), kernels: kernels)
  }
}

/// The three gates of 16 units stand in three panels side by side; gradients of the pre-activations take the place of their
/// values.
private struct GRUCell: Cell {
  private let kernels: Kernels
  private let hidden: PanelMatrix
  private let hiddenGradient: PanelMatrix
  private let gateMemory: OwnedMatrix
  private let recurrentMemory: OwnedMatrix

  /// - Parameter columns: of a matrix that holds all gates.
  init(_ memory: CellMemory, columns: Int, kernels: Kernels) {
    self.kernels = kernels
    hidden = memory.hidden
    hiddenGradient = memory.hiddenGradient
    gateMemory = OwnedMatrix(rows: memory.capacity.rows, columns: columns)
    recurrentMemory = OwnedMatrix(rows: memory.capacity.rows, columns: columns)
  }

  var gates: PanelMatrix { gateMemory.view }
  var recurrentGates: PanelMatrix? { recurrentMemory.view }
  var gateGradients: PanelMatrix { gateMemory.view }
  var recurrentGateGradients: PanelMatrix { recurrentMemory.view }
  var states: [(name: String, matrix: PanelMatrix)] { [("h", hidden)] }

  private func gates(
    of matrix: PanelMatrix, _ panel: Int, _ row: Int
  ) -> (r: FloatPointer, z: FloatPointer, n: FloatPointer) {
    func gate(_ index: Int) -> FloatPointer { matrix.pointer(panel: panel * 3 + index, row: row) }
    return (gate(0), gate(1), gate(2))
  }

  func activate(_ step: StepRows, panels: Range<Int>) {
    let row = step.rows.lowerBound
    for panel in panels {
      kernels.gru(
        input: gates(of: gates, panel, row), recurrent: gates(of: recurrentMemory.view, panel, row),
        before: hidden.pointer(panel: panel, row: step.before), h: hidden.pointer(panel: panel, row: step.after),
        count: step.floatCount)
    }
  }

  func differentiate(_ step: StepRows, panels: Range<Int>) {
    let row = step.rows.lowerBound
    for panel in panels {
      kernels.gruGradient(
        input: gates(of: gates, panel, row), recurrent: gates(of: recurrentMemory.view, panel, row),
        before: hidden.pointer(panel: panel, row: step.before), dh: hiddenGradient.pointer(panel: panel, row: row),
        dhBefore: step.gradientBefore.map { hiddenGradient.pointer(panel: panel, row: $0) },
        count: step.floatCount)
    }
  }
}
