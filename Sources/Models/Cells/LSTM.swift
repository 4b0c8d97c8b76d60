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

  package var equations: CellEquations? {
    CellEquations(
      [
        CellEquations.gate("i", "\\sigma"), CellEquations.gate("f", "\\sigma"), CellEquations.gate("g", "\\tanh"),
        CellEquations.gate("o", "\\sigma"), "c_t=f_t\\odot c_{t-1}+i_t\\odot g_t", "h_t=o_t\\odot\\tanh(c_t)",
        CellEquations.bothStates,
      ], state: "s")
  }

  package func makeCell(_ memory: CellMemory, kernels: Kernels) -> any Cell {
    LSTMCell(memory: CellStateMemory(memory, columns: gateColumns(units: memory.units)), kernels: kernels)
  }
}

private struct LSTMCell: Cell {
  let memory: CellStateMemory
  let kernels: Kernels

  var gates: PanelMatrix { memory.gates }
  var gateGradients: PanelMatrix { memory.gates }
  var states: [(name: String, matrix: PanelMatrix)] { memory.states }

  private func gates(_ panel: Int, _ row: Int) -> (i: FloatPointer, f: FloatPointer, g: FloatPointer, o: FloatPointer) {
    func gate(_ index: Int) -> FloatPointer { gates.pointer(panel: panel * 4 + index, row: row) }
    return (gate(0), gate(1), gate(2), gate(3))
  }

  func activate(_ step: StepRows, panels: Range<Int>) {
    for panel in panels {
      let unit = memory.units(step, panel)
      kernels.lstm(
        gates: gates(panel, step.rows.lowerBound), before: unit.before, c: unit.c, tanhC: unit.tanhC, h: unit.h,
        count: step.floatCount)
    }
  }

  func beginBackward(sequences: Range<Int>) { memory.beginBackward(sequences: sequences) }

  func differentiate(_ step: StepRows, panels: Range<Int>) {
    for panel in panels {
      let unit = memory.units(step, panel)
      kernels.lstmGradient(
        gates: gates(panel, step.rows.lowerBound), before: unit.before, tanhC: unit.tanhC, dh: unit.dh,
        dc: unit.laterDC, count: step.floatCount)
    }
  }

  func keepStateGradients(_ step: StepRows, panels: Range<Int>, in kept: [PanelMatrix]) {
    memory.keepCellGradient(
      step, panels: panels, outputGate: { gates($0, step.rows.lowerBound).o }, in: kept[1])
  }
}
