import CKernels
import Compute

/// Long short-term memory with coupled input and forget gates, i = 1 - f (CIFG in Greff, Srivastava, Koutník, Steunebrink,
/// Schmidhuber: LSTM: A Search Space Odyssey, IEEE Transactions on Neural Networks and Learning Systems 28, 2017; here
/// without peepholes, like `LSTM`):
///
///     f, o = sigmoid(z_f), sigmoid(z_o)    g = tanh(z_g)
///     c_t = f c_{t-1} + (1 - f) g          h_t = o tanh(c_t)
///
/// A cell takes in as much as it forgets, so that |c| stays below 1, with three quarters of an LSTM's parameters.
package struct CIFG: CellKind {
  package init() {}

  package var name: String { "cifg" }
  package var gates: [Gate] { [Gate("f", forgets: true), Gate("g"), Gate("o")] }

  package var equations: CellEquations? {
    CellEquations(
      [
        CellEquations.gate("f", "\\sigma"), CellEquations.gate("g", "\\tanh"), CellEquations.gate("o", "\\sigma"),
        "c_t=f_t\\odot c_{t-1}+(1-f_t)\\odot g_t", "h_t=o_t\\odot\\tanh(c_t)", CellEquations.bothStates,
      ], state: "s")
  }

  package func makeCell(_ memory: CellMemory, kernels: Kernels) -> any Cell {
    CIFGCell(memory: CellStateMemory(memory, columns: gateColumns(units: memory.units)), kernels: kernels)
  }
}

/// What isn't a function that the kernels have is plain arithmetic on vectors: each operation is rounded on its own, and so
/// has the same bits whatever instructions it is compiled to.
private struct CIFGCell: Cell {
  let memory: CellStateMemory
  let kernels: Kernels

  var gates: PanelMatrix { memory.gates }
  var gateGradients: PanelMatrix { memory.gates }
  var states: [(name: String, matrix: PanelMatrix)] { memory.states }

  private func gates(_ panel: Int, _ step: StepRows) -> (f: FloatPointer, g: FloatPointer, o: FloatPointer) {
    func gate(_ index: Int) -> FloatPointer { gates.pointer(panel: panel * 3 + index, row: step.rows.lowerBound) }
    return (gate(0), gate(1), gate(2))
  }

  func activate(_ step: StepRows, panels: Range<Int>) {
    let count = step.floatCount
    for panel in panels {
      let (unit, gate) = (memory.units(step, panel), gates(panel, step))
      Watchdog.reads(unit.before, count: count)
      Watchdog.writes(unit.h, count: count)
      kernels.apply(CK_SIGMOID, gate.f, into: gate.f, count: count)
      kernels.apply(CK_TANH, gate.g, into: gate.g, count: count)
      kernels.apply(CK_SIGMOID, gate.o, into: gate.o, count: count)
      for row in rows(step) {
        let f = lanes(gate.f, row)
        put(f * lanes(unit.before, row) + (1 - f) * lanes(gate.g, row), at: unit.c, row)
      }
      kernels.apply(CK_TANH, unit.c, into: unit.tanhC, count: count)
      for row in rows(step) { put(lanes(gate.o, row) * lanes(unit.tanhC, row), at: unit.h, row) }
    }
  }

  func beginBackward(sequences: Range<Int>) { memory.beginBackward(sequences: sequences) }

  /// With d = dL/dc_t, through h_t = o tanh(c_t) and from c_{t+1}:
  ///
  ///     dL/dz_f = d (c_{t-1} - g) f (1 - f)       dL/dz_g = d (1 - f) (1 - g^2)
  ///     dL/dz_o = dL/dh_t tanh(c_t) o (1 - o)     dL/dc_{t-1} = d f, to be added to what comes by h_{t-1}
  func differentiate(_ step: StepRows, panels: Range<Int>) {
    for panel in panels {
      let (unit, gate) = (memory.units(step, panel), gates(panel, step))
      Watchdog.reads(each: [unit.before, unit.tanhC, unit.dh], count: step.floatCount)
      Watchdog.writes(each: [gate.f, gate.g, gate.o, unit.laterDC], count: step.floatCount)
      for row in rows(step) {
        let (f, g, o) = (lanes(gate.f, row), lanes(gate.g, row), lanes(gate.o, row))
        let (dh, tanhC) = (lanes(unit.dh, row), lanes(unit.tanhC, row))
        let d = lanes(unit.laterDC, row) + dh * o * (1 - tanhC * tanhC)
        put(d * (lanes(unit.before, row) - g) * (f * (1 - f)), at: gate.f, row)
        put(d * (1 - f) * (1 - g * g), at: gate.g, row)
        put(dh * tanhC * (o * (1 - o)), at: gate.o, row)
        put(d * f, at: unit.laterDC, row)
      }
    }
  }

  func keepStateGradients(_ step: StepRows, panels: Range<Int>, in kept: [PanelMatrix]) {
    memory.keepCellGradient(step, panels: panels, outputGate: { gates($0, step).o }, in: kept[1])
  }

  // MARK: rows of 16 units

  private typealias Lanes = SIMD16<Float>

  /// Where each row begins.
  private func rows(_ step: StepRows) -> StrideTo<Int> { stride(from: 0, to: step.floatCount, by: Lanes.scalarCount) }

  private func lanes(_ pointer: FloatPointer, _ row: Int) -> Lanes {
    UnsafeRawPointer(pointer + row).loadUnaligned(as: Lanes.self)
  }

  private func put(_ value: Lanes, at pointer: FloatPointer, _ row: Int) {
    UnsafeMutableRawPointer(pointer + row).storeBytes(of: value, as: Lanes.self)
  }
}
