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

  package func makeCell(_ memory: CellMemory, kernels: Kernels) -> any Cell {
    CIFGCell(memory, columns: gateColumns(units: memory.units), kernels: kernels)
  }
}

/// The three gates of 16 units stand in three panels side by side. Gradients of the pre-activations take the place of the
/// gates' values.
///
/// What isn't a function that the kernels have is plain arithmetic on vectors: each operation is rounded on its own, and so
/// has the same bits whatever instructions it is compiled to.
private struct CIFGCell: Cell {
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

  func activate(_ step: StepRows, panels: Range<Int>) {
    let count = step.floatCount
    for panel in panels {
      let unit = units(step, panel)
      let (c, h) = (
        cellMemory.view.pointer(panel: panel, row: step.after), hidden.pointer(panel: panel, row: step.after)
      )
      Watchdog.reads(unit.before, count: count)
      Watchdog.writes(h, count: count)
      kernels.apply(CK_SIGMOID, unit.f, into: unit.f, count: count)
      kernels.apply(CK_TANH, unit.g, into: unit.g, count: count)
      kernels.apply(CK_SIGMOID, unit.o, into: unit.o, count: count)
      for row in rows(step) {
        let f = lanes(unit.f, row)
        put(f * lanes(unit.before, row) + (1 - f) * lanes(unit.g, row), at: c, row)
      }
      kernels.apply(CK_TANH, c, into: unit.tanhC, count: count)
      for row in rows(step) { put(lanes(unit.o, row) * lanes(unit.tanhC, row), at: h, row) }
    }
  }

  func beginBackward(sequences: Range<Int>) { cellGradient.view.rows(sequences).zeroRows() }

  /// With d = dL/dc_t:
  ///
  ///     dL/dz_f = d (c_{t-1} - g) f (1 - f)       dL/dz_g = d (1 - f) (1 - g^2)
  ///     dL/dz_o = dL/dh_t tanh(c_t) o (1 - o)     dL/dc_{t-1} = d f, to be added to what comes by h_{t-1}
  func differentiate(_ step: StepRows, panels: Range<Int>) {
    for panel in panels {
      let unit = units(step, panel)
      Watchdog.reads(each: [unit.before, unit.tanhC, unit.dh], count: step.floatCount)
      Watchdog.writes(each: [unit.f, unit.g, unit.o, unit.laterDC], count: step.floatCount)
      for row in rows(step) {
        let (f, g, o) = (lanes(unit.f, row), lanes(unit.g, row), lanes(unit.o, row))
        let d = dc(unit, row)
        put(d * (lanes(unit.before, row) - g) * (f * (1 - f)), at: unit.f, row)
        put(d * (1 - f) * (1 - g * g), at: unit.g, row)
        put(lanes(unit.dh, row) * lanes(unit.tanhC, row) * (o * (1 - o)), at: unit.o, row)
        put(d * f, at: unit.laterDC, row)
      }
    }
  }

  func keepStateGradients(_ step: StepRows, panels: Range<Int>, in kept: [PanelMatrix]) {
    for panel in panels {
      let unit = units(step, panel)
      let total = kept[1].pointer(panel: panel, row: step.rows.lowerBound)
      Watchdog.reads(each: [unit.o, unit.tanhC, unit.dh, unit.laterDC], count: step.floatCount)
      Watchdog.writes(total, count: step.floatCount)
      for row in rows(step) { put(dc(unit, row), at: total, row) }
    }
  }

  /// dL/dc_t: through h_t = o tanh(c_t), and what comes from c_{t+1}.
  private func dc(_ unit: Units, _ row: Int) -> Lanes {
    let tanhC = lanes(unit.tanhC, row)
    return lanes(unit.laterDC, row) + lanes(unit.dh, row) * lanes(unit.o, row) * (1 - tanhC * tanhC)
  }

  // MARK: rows of 16 units

  private typealias Lanes = SIMD16<Float>

  /// What the first row of a panel's timestep has: a row of 16 units after the other.
  private struct Units {
    let f, g, o: FloatPointer
    /// c_{t-1}
    let before: FloatPointer
    let tanhC: FloatPointer
    let dh: FloatPointer
    /// dL/dc_t by way of c_{t+1}.
    let laterDC: FloatPointer
  }

  private func units(_ step: StepRows, _ panel: Int) -> Units {
    let row = step.rows.lowerBound
    func gate(_ index: Int) -> FloatPointer { gates.pointer(panel: panel * 3 + index, row: row) }
    return Units(
      f: gate(0), g: gate(1), o: gate(2), before: cellMemory.view.pointer(panel: panel, row: step.before),
      tanhC: squashedMemory.view.pointer(panel: panel, row: row),
      dh: hiddenGradient.pointer(panel: panel, row: row),
      laterDC: cellGradient.view.pointer(panel: panel, row: step.sequence))
  }

  /// Where each row begins.
  private func rows(_ step: StepRows) -> StrideTo<Int> { stride(from: 0, to: step.floatCount, by: Lanes.scalarCount) }

  private func lanes(_ pointer: FloatPointer, _ row: Int) -> Lanes {
    UnsafeRawPointer(pointer + row).loadUnaligned(as: Lanes.self)
  }

  private func put(_ value: Lanes, at pointer: FloatPointer, _ row: Int) {
    UnsafeMutableRawPointer(pointer + row).storeBytes(of: value, as: Lanes.self)
  }
}
