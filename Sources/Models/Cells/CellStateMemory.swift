import Compute

/// The memory of a cell that has a state c beside h, with h_t = o tanh(c_t): what `LSTM` and `CIFG` keep of each timestep.
/// Written by the cell's own calls alone, each for its rows and panels.
///
/// The gates of 16 units stand in panels side by side. Gradients of the pre-activations take the place of the gates' values.
struct CellStateMemory: Sendable {
  private let hidden: PanelMatrix
  private let hiddenGradient: PanelMatrix
  private let gateMemory: OwnedMatrix
  /// [sequences + rows, units]
  private let cellMemory: OwnedMatrix
  /// [rows, units]
  private let squashedMemory: OwnedMatrix
  /// [sequences, units] dL/dc on its way from timestep to timestep.
  private let cellGradient: OwnedMatrix
  let states: [(name: String, matrix: PanelMatrix)]

  /// - Parameter columns: of a matrix that holds all gates.
  init(_ memory: CellMemory, columns: Int) {
    hidden = memory.hidden
    hiddenGradient = memory.hiddenGradient
    let (sequences, rows) = (memory.capacity.sequences, memory.capacity.rows)
    cellMemory = OwnedMatrix(rows: sequences + rows, columns: memory.units)
    squashedMemory = OwnedMatrix(rows: rows, columns: memory.units)
    cellGradient = OwnedMatrix(rows: sequences, columns: memory.units)
    gateMemory = OwnedMatrix(rows: rows, columns: columns)
    states = [("h", hidden), ("c", cellMemory.view)]
  }

  /// [rows, gates x units]
  var gates: PanelMatrix { gateMemory.view }

  func beginBackward(sequences: Range<Int>) { cellGradient.view.rows(sequences).zeroRows() }

  /// Where a panel's timestep has its values: a row of 16 units after the other, from the first row on.
  struct Units {
    /// c_{t-1}
    let before: FloatPointer
    let c: FloatPointer
    let tanhC: FloatPointer
    let h: FloatPointer
    let dh: FloatPointer
    /// dL/dc_t by way of c_{t+1}.
    let laterDC: FloatPointer
  }

  func units(_ step: StepRows, _ panel: Int) -> Units {
    let row = step.rows.lowerBound
    return Units(
      before: cellMemory.view.pointer(panel: panel, row: step.before),
      c: cellMemory.view.pointer(panel: panel, row: step.after),
      tanhC: squashedMemory.view.pointer(panel: panel, row: row),
      h: hidden.pointer(panel: panel, row: step.after),
      dh: hiddenGradient.pointer(panel: panel, row: row),
      laterDC: cellGradient.view.pointer(panel: panel, row: step.sequence))
  }

  /// dL/dc_t = o dL/dh_t (1 - tanh(c_t)^2), and what comes from c_{t+1}; for some panels of units.
  ///
  /// - Parameters:
  ///   - outputGate: where a panel of units has o.
  ///   - total: [rows, units]
  func keepCellGradient(
    _ step: StepRows, panels: Range<Int>, outputGate: (Int) -> FloatPointer, in total: PanelMatrix
  ) {
    for panel in panels {
      let (unit, o) = (units(step, panel), outputGate(panel))
      let dc = total.pointer(panel: panel, row: step.rows.lowerBound)
      Watchdog.reads(each: [o, unit.tanhC, unit.dh, unit.laterDC], count: step.floatCount)
      Watchdog.writes(dc, count: step.floatCount)
      for index in 0..<step.floatCount {
        dc[index] =
          unit.laterDC[index] + unit.dh[index] * o[index] * (1 - unit.tanhC[index] * unit.tanhC[index])
      }
    }
  }
}
