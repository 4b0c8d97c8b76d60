import Compute

/// One direction of a recurrent layer over all timesteps of a minibatch: the products around its cell, forward and back
/// through time.
///
/// The reverse direction has a time of its own, which begins at each sequence's last timestep; what it gets from outside
/// and what it gives back (`inputGates`, `inputGateGradients`) is in the minibatch's order.
///
/// Padding columns of activations and their gradients are zeros, because those of the weights are and because each cell
/// keeps its state's so.
final class RecurrentDirection: Sendable {
  private let cell: any Cell
  private let timeline: Timeline
  private let kernels: Kernels
  private let inputWeight: PanelMatrix
  private let inputWeightTransposed: PanelMatrix
  private let recurrentWeight: PanelMatrix
  private let recurrentWeightTransposed: PanelMatrix
  private let bias: PanelMatrix
  /// Only where the cell has recurrent gates apart.
  private let recurrentBias: PanelMatrix?
  private let names: DirectionNames
  /// Panels of gates for each panel of units.
  private let gates: Int
  /// Whether a sequence may begin with another state than zero.
  private let carriesState: Bool
  /// [rows, gates x units] gates in the minibatch's order; only for the reverse direction.
  private let ordered: OwnedMatrix?
  private let hiddenMemory: OwnedMatrix?
  private let hiddenGradientMemory: OwnedMatrix?
  /// [sequences + rows, units] in the direction's own time.
  let hidden: PanelMatrix
  /// [rows, units] dL/dh in the direction's own time, put there before the way back.
  let hiddenGradient: PanelMatrix
  /// Where total gradients by all states are kept on the way back; nil: nowhere, as in training.
  private let keptGradients: [OwnedMatrix]?

  /// - Parameter shared: where hidden states and their gradients are to be; nil for memory of its own.
  init(
    _ names: DirectionNames, of parameters: Parameters, timeline: Timeline, units: Int, isReverse: Bool,
    carriesState: Bool, keepsStateGradients: Bool = false, shared: (hidden: PanelMatrix, gradient: PanelMatrix)? = nil
  ) {
    self.names = names
    self.timeline = timeline
    self.carriesState = carriesState
    kernels = parameters.kernels
    inputWeight = parameters.view(names.inputWeight)
    inputWeightTransposed = parameters.transposed(names.inputWeight)
    recurrentWeight = parameters.view(names.recurrentWeight)
    recurrentWeightTransposed = parameters.transposed(names.recurrentWeight)
    bias = parameters.view(names.bias)
    let kind = parameters.shape.cell
    gates = kind.gates
    recurrentBias = kind.hasRecurrentBias ? parameters.view(names.recurrentBias) : nil
    let capacity = timeline.capacity
    let own = shared == nil
    hiddenMemory = own ? OwnedMatrix(rows: capacity.sequences + capacity.rows, columns: units) : nil
    hiddenGradientMemory = own ? OwnedMatrix(rows: capacity.rows, columns: units) : nil
    guard let hidden = shared?.hidden ?? hiddenMemory?.view,
      let gradient = shared?.gradient ?? hiddenGradientMemory?.view
    else { preconditionFailure("a direction's memory is its own or shared") }
    self.hidden = hidden
    hiddenGradient = gradient
    cell = kind.makeCell(
      CellMemory(capacity: capacity, units: units, hidden: hidden, hiddenGradient: gradient), kernels: kernels)
    keptGradients =
      keepsStateGradients
      ? cell.states.map { OwnedMatrix(rows: capacity.rows, columns: $0.matrix.columns) } : nil
    ordered = isReverse ? OwnedMatrix(rows: capacity.rows, columns: kind.gateColumns(units: units)) : nil
  }

  /// [rows, gates x units] where the input's projection is to be put before the way forward.
  var inputGates: PanelMatrix { ordered?.view ?? cell.gates }
  /// [rows, gates x units] the gradient of the pre-activations after the way back.
  var inputGateGradients: PanelMatrix { ordered?.view ?? cell.gateGradients }
  var isReverse: Bool { ordered != nil }
  /// [rows, units] the hidden states after each row's timestep, in the direction's own time.
  var output: PanelMatrix { hidden.rows(timeline.capacity.sequences..<hidden.rows) }

  // MARK: one product for all timesteps

  /// projection = b + x V for rows of any kind (timesteps, or distinct inputs): [n, inputs] -> [n, gates x units].
  func project(_ x: PanelMatrix, into projection: PanelMatrix) {
    kernels.multiply(x, inputWeight, into: projection, start: .columnBias(bias.base))
  }

  /// dx = start + dz V^T: [n, gates x units] -> [n, inputs].
  func projectBack(_ gradients: PanelMatrix, into inputGradient: PanelMatrix, start: Kernels.Start) {
    kernels.multiply(gradients, inputWeightTransposed, into: inputGradient, start: start)
  }

  // MARK: timestep after timestep

  private func step(_ timestep: Int, _ sequences: Range<Int>) -> StepRows {
    let rows = timeline.rows(timestep: timestep, sequences)
    return StepRows(
      rows: rows, before: timeline.stateRow(before: timestep, sequences.lowerBound),
      after: timeline.capacity.sequences + rows.lowerBound, sequence: sequences.lowerBound,
      gradientBefore: timestep == 0 ? nil : timeline.row(timestep - 1, sequences.lowerBound))
  }

  /// Panels of units.
  var panels: Int { hidden.panels }

  /// Panels of gates that belong to panels of units.
  private func gatePanels(_ panels: Range<Int>) -> Range<Int> {
    panels.lowerBound * gates..<panels.upperBound * gates
  }

  /// z_t += h_{t-1} W, then the cell's non-linearity, for some sequences and some panels of units.
  ///
  /// - Parameters:
  ///   - gather: puts projected inputs in place, where they aren't in `inputGates`.
  /// - Returns: whether any of the sequences has the timestep.
  @discardableResult
  func forward(timestep: Int, sequences: Range<Int>, panels: Range<Int>, gather: InputGather?) -> Bool {
    let step = step(timestep, sequences)
    guard !step.rows.isEmpty else { return false }
    let gatePanels = gatePanels(panels)
    let gates = cell.gates.rows(step.rows).panels(gatePanels)
    if let gather {
      gather(step.rows, gatePanels, gates)
    } else if let ordered {
      gates.gatherRows(of: ordered.view.panels(gatePanels), index: timeline.reversed + step.rows.lowerBound)
    }
    let before = hidden.rows(step.before..<step.before + step.rows.count)
    let weight = recurrentWeight.panels(gatePanels)
    if let recurrentBias, let recurrent = cell.recurrentGates {
      kernels.multiply(
        before, weight, into: recurrent.rows(step.rows).panels(gatePanels),
        start: .columnBias(recurrentBias.panels(gatePanels).base))
    } else if timestep > 0 || carriesState {
      kernels.multiply(before, weight, into: gates, start: .accumulate)
    }
    cell.activate(step, panels: panels)
    return true
  }

  /// All timesteps of some sequences.
  func forward(sequences: Range<Int>, gather: InputGather?) {
    for timestep in 0..<timeline.timesteps {
      guard forward(timestep: timestep, sequences: sequences, panels: 0..<panels, gather: gather) else { return }
    }
  }

  /// Forgets what was kept of a way back before.
  func beginBackward(sequences: Range<Int>) { cell.beginBackward(sequences: sequences) }

  /// dL/dh_t += dL/dz_{t+1} W^T, then the cell's derivative, for some sequences and some panels of units.
  func backward(timestep: Int, sequences: Range<Int>, panels: Range<Int>) {
    let step = step(timestep, sequences)
    guard !step.rows.isEmpty else { return }
    let future = timeline.rows(timestep: timestep + 1, sequences)
    if !future.isEmpty {
      let gradient = hiddenGradient.rows(step.rows.lowerBound..<step.rows.lowerBound + future.count)
      kernels.multiply(
        cell.recurrentGateGradients.rows(future), recurrentWeightTransposed.panels(panels),
        into: gradient.panels(panels), start: .accumulate)
    }
    if let keptGradients {
      let kept = keptGradients.map(\.view)
      kept[0].rows(step.rows).panels(panels).copyRows(from: hiddenGradient.rows(step.rows).panels(panels))
      cell.keepStateGradients(step, panels: panels, in: kept)
    }
    cell.differentiate(step, panels: panels)
  }

  /// All timesteps of some sequences.
  func backward(sequences: Range<Int>) {
    beginBackward(sequences: sequences)
    for timestep in (0..<timeline.timesteps).reversed() {
      backward(timestep: timestep, sequences: sequences, panels: 0..<panels)
    }
    orderGradients(of: sequences)
  }

  /// Puts the gradients of the pre-activations in the minibatch's order, if they are in another.
  func orderGradients(of sequences: Range<Int>) {
    guard let ordered else { return }
    forEachTimestep(of: sequences) { rows in
      ordered.view.rows(rows).gatherRows(of: cell.gateGradients, index: timeline.reversed + rows.lowerBound)
    }
  }

  func forEachTimestep(of sequences: Range<Int>, _ body: (_ rows: Range<Int>) -> Void) {
    for timestep in 0..<timeline.timesteps {
      let rows = timeline.rows(timestep: timestep, sequences)
      guard !rows.isEmpty else { return }
      body(rows)
    }
  }

  // MARK: the reducer's part

  /// Jobs that each sum one tile of this direction's gradients over all rows in order.
  ///
  /// - Parameters:
  ///   - input: the rows that went in and the gradients of their projections: timesteps, or distinct inputs.
  func reduction(
    into gradients: Gradients, input: @escaping @Sendable () -> (x: PanelMatrix, gradients: PanelMatrix)
  ) -> [@Sendable () -> Void] {
    let (kernels, cell, timeline, hidden, carriesState) = (kernels, cell, timeline, hidden, carriesState)
    let inputGradient = gradients.view(names.inputWeight)
    let recurrentGradient = gradients.view(names.recurrentWeight)
    var jobs: [@Sendable () -> Void] = []
    for (x, panels) in ReductionTile.all(of: inputGradient) {
      jobs.append {
        let input = input()
        kernels.multiply(
          input.x.panels(x), transposed: true, input.gradients.panels(panels),
          into: inputGradient.rows(ReductionTile.columns(x, of: input.x)).panels(panels), start: .zero)
      }
    }
    for (h, panels) in ReductionTile.all(of: recurrentGradient) {
      jobs.append {
        let tile = recurrentGradient.rows(ReductionTile.columns(h, of: hidden)).panels(panels)
        var isFirst = true
        // A state of zero adds nothing.
        timeline.forEachStretch(from: carriesState ? 0 : 1) { before, rows in
          kernels.multiply(
            hidden.rows(before..<before + rows.count).panels(h), transposed: true,
            cell.recurrentGateGradients.rows(rows).panels(panels), into: tile, start: isFirst ? .zero : .accumulate)
          isFirst = false
        }
        if isFirst { tile.zeroRows() }
      }
    }
    func addBias(_ gradient: PanelMatrix, of gates: PanelMatrix) {
      for panel in 0..<gradient.panels {
        jobs.append {
          let sum = gradient.pointer(panel: panel, row: 0)
          sum.update(repeating: 0, count: PanelShape.width)
          kernels.addRows(gates.pointer(panel: panel, row: 0), rows: timeline.rows, to: sum)
        }
      }
    }
    addBias(gradients.view(names.bias), of: cell.gateGradients)
    if recurrentBias != nil { addBias(gradients.view(names.recurrentBias), of: cell.recurrentGateGradients) }
    return jobs
  }

  // MARK: state

  /// Total gradients by all states, after the way back; none unless they are kept.
  func stateGradients(layer: Int) -> [StateGradient] {
    zip(cell.states, keptGradients ?? []).map { state, kept in
      StateGradient(
        name: "\(state.name)_l\(layer)\(isReverse ? "_reverse" : "")", memory: kept, timeline: timeline,
        isReverse: isReverse)
    }
  }

  /// The state to begin the next window with: that after this window's last timestep.
  func carryState() {
    let (streams, timesteps) = (timeline.capacity.sequences, timeline.timesteps)
    for (_, state) in cell.states {
      state.rows(0..<streams).copyRows(from: state.rows(timesteps * streams..<(timesteps + 1) * streams))
    }
  }

  /// The state that the next window begins with: one matrix [sequences, units] for each kind of state the cell has.
  var carriedState: [(name: String, matrix: PanelMatrix)] {
    cell.states.map { ($0.name, $0.matrix.rows(0..<timeline.capacity.sequences)) }
  }
}

/// Puts projected inputs of some rows into some panels of the gates, in a direction's own time.
typealias InputGather = (_ rows: Range<Int>, _ panels: Range<Int>, _ into: PanelMatrix) -> Void

/// How a gradient's matrix is cut into jobs: some 100 rows by 64 columns, small enough to share out evenly, large enough
/// to be worth a product. Where there are many rows, by all columns: then what is summed is read from memory once.
enum ReductionTile {
  static let rowPanels = 6
  private static let columnPanels = 4
  /// Tiles of all columns that are enough for all workers.
  private static let manyTiles = 64

  /// Ranges of panels: of the left operand (which become rows), and of the right one.
  static func all(of gradient: PanelMatrix) -> [(Range<Int>, Range<Int>)] {
    let rowPanels = (gradient.rows + PanelShape.width - 1) / PanelShape.width
    let columnPanels = rowPanels >= manyTiles * Self.rowPanels ? gradient.panels : Self.columnPanels
    return stride(from: 0, to: rowPanels, by: Self.rowPanels).flatMap { row in
      stride(from: 0, to: gradient.panels, by: columnPanels).map { column in
        (row..<min(row + Self.rowPanels, rowPanels), column..<min(column + columnPanels, gradient.panels))
      }
    }
  }

  /// The columns of a matrix that some of its panels hold.
  static func columns(_ panels: Range<Int>, of matrix: PanelMatrix) -> Range<Int> {
    panels.lowerBound * PanelShape.width..<min(panels.upperBound * PanelShape.width, matrix.columns)
  }
}
