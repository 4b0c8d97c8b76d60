import Compute

/// Long short-term memory (Hochreiter and Schmidhuber, Neural Computation 9, 1997; with forget gates: Gers, Schmidhuber,
/// Cummins, 2000), in PyTorch's form and order of gates:
///
///     i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)    g = tanh(z_g)
///     c_t = f c_{t-1} + i g                                 h_t = o tanh(c_t)
package struct LSTM: CellKind {
  package init() {}

  package var name: String { "lstm" }
  package var gates: [Gate] { [Gate("i"), Gate("f", forgets: true), Gate("g"), Gate("o")] }

  package func makeCell(_ memory: CellMemory, kernels: Kernels) -> any Cell {
    LSTMCell(memory, columns: gateColumns(units: memory.units), kernels: kernels)
  }
}

/// The four gates of 16 units stand in four panels side by side. Gradients of the pre-activations take the place of the
/// gates' values.
private struct LSTMCell: Cell {
  private let kernels: Kernels
  private let hidden: PanelMatrix
  private let hiddenGradient: PanelMatrix
  private let cellMemory: OwnedMatrix
  private let gateMemory: OwnedMatrix
  private let squashedMemory: OwnedMatrix
  /// [sequences, units] dL/dc on its way from timestep to timestep.
  private let cellGradient: OwnedMatrix
  let states: [(name: String, matrix: PanelMatrix)]

  /// - Parameter columns: of a matrix that holds all gates.
  init(_ memory: CellMemory, columns: Int, kernels: Kernels) {
    self.kernels = kernels
    hidden = memory.hidden
    hiddenGradient = memory.hiddenGradient
    let (sequences, rows) = (memory.capacity.sequences, memory.capacity.rows)
    cellMemory = OwnedMatrix(rows: sequences + rows, columns: memory.units)
    squashedMemory = OwnedMatrix(rows: rows, columns: memory.units)
    cellGradient = OwnedMatrix(rows: sequences, columns: memory.units)
    gateMemory = OwnedMatrix(rows: rows, columns: columns)
    states = [("h", hidden), ("c", cellMemory.view)]
  }

  var gates: PanelMatrix { gateMemory.view }
  var gateGradients: PanelMatrix { gateMemory.view }

  private func gates(_ panel: Int, _ row: Int) -> (i: FloatPointer, f: FloatPointer, g: FloatPointer, o: FloatPointer) {
    func gate(_ index: Int) -> FloatPointer { gates.pointer(panel: panel * 4 + index, row: row) }
    return (gate(0), gate(1), gate(2), gate(3))
  }

  func activate(_ step: StepRows, panels: Range<Int>) {
    let (row, c, tanhC) = (step.rows.lowerBound, cellMemory.view, squashedMemory.view)
    for panel in panels {
      kernels.lstm(
        gates: gates(panel, row), before: c.pointer(panel: panel, row: step.before),
        c: c.pointer(panel: panel, row: step.after), tanhC: tanhC.pointer(panel: panel, row: row),
        h: hidden.pointer(panel: panel, row: step.after), count: step.floatCount)
    }
  }

  func beginBackward(sequences: Range<Int>) { cellGradient.view.rows(sequences).zeroRows() }

  func differentiate(_ step: StepRows, panels: Range<Int>) {
    let (row, c, tanhC) = (step.rows.lowerBound, cellMemory.view, squashedMemory.view)
    for panel in panels {
      kernels.lstmGradient(
        gates: gates(panel, row), before: c.pointer(panel: panel, row: step.before),
        tanhC: tanhC.pointer(panel: panel, row: row), dh: hiddenGradient.pointer(panel: panel, row: row),
        dc: cellGradient.view.pointer(panel: panel, row: step.sequence), count: step.floatCount)
    }
  }

  /// dL/dc_t: through h_t = o tanh(c_t), and what comes from c_{t+1}.
  func keepStateGradients(_ step: StepRows, panels: Range<Int>, in kept: [PanelMatrix]) {
    let row = step.rows.lowerBound
    for panel in panels {
      let (o, tanhC) = (gates(panel, row).o, squashedMemory.view.pointer(panel: panel, row: row))
      let dh = hiddenGradient.pointer(panel: panel, row: row)
      let later = cellGradient.view.pointer(panel: panel, row: step.sequence)
      let dc = kept[1].pointer(panel: panel, row: row)
      for index in 0..<step.floatCount {
        dc[index] = later[index] + dh[index] * o[index] * (1 - tanhC[index] * tanhC[index])
      }
    }
  }
}
