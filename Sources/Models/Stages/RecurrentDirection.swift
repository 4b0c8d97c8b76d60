import Compute

/// One direction of a recurrent layer over all timesteps of a minibatch: the recurrent products around its cell, forward and
/// back through time.
///
/// The reverse direction has a time of its own, which begins at each sequence's last timestep; what it gets from outside
/// and what it gives back (`inputGates`, `inputGateGradients`) is in the minibatch's order.
///
/// Padding columns of activations and their gradients are zeros, because those of the weights are and because each cell
/// keeps its state's so.
final class RecurrentDirection: Sendable {
  /// Among the directions of its layer: the second one reads backwards.
  let index: Int
  /// [sequences + rows, units] in the direction's own time.
  let hidden: PanelMatrix
  /// [rows, units] dL/dh in the direction's own time, put there before the backward pass.
  let hiddenGradient: PanelMatrix

  private let cell: any Cell
  private let timeline: Timeline
  private let kernels: Kernels
  private let parameters: DirectionParameters
  private let weights: RecurrentWeights
  /// Only where the cell has recurrent gates apart.
  private let recurrentBias: PanelMatrix?
  /// Panels of gates for each panel of units.
  private let gates: Int
  /// Whether a sequence may begin with another state than zero.
  private let carriesState: Bool
  /// [rows, gates x units] gates in the minibatch's order; only for the reverse direction.
  private let ordered: OwnedMatrix?
  private let memory: DirectionMemory
  /// Where total gradients by all states are kept on the backward pass; nil: nowhere, as in training.
  private let keptGradients: [OwnedMatrix]?

  init(
    _ index: Int, _ kind: any CellKind, _ direction: DirectionParameters, _ weights: RecurrentWeights,
    of parameters: Parameters, timeline: Timeline, memory: DirectionMemory, carriesState: Bool,
    keepsStateGradients: Bool = false
  ) {
    self.index = index
    self.parameters = direction
    self.weights = weights
    self.timeline = timeline
    self.memory = memory
    self.carriesState = carriesState
    kernels = parameters.kernels
    recurrentBias = direction.recurrentBias.map(parameters.view)
    let capacity = timeline.capacity
    gates = kind.gates.count
    (hidden, hiddenGradient) = (memory.hidden, memory.hiddenGradient)
    let units = hidden.columns
    cell = kind.makeCell(
      CellMemory(capacity: capacity, units: units, hidden: hidden, hiddenGradient: hiddenGradient), kernels: kernels)
    keptGradients =
      keepsStateGradients
      ? cell.states.map { OwnedMatrix(rows: capacity.rows, columns: $0.matrix.columns) } : nil
    ordered = index == 1 ? OwnedMatrix(rows: capacity.rows, columns: kind.gateColumns(units: units)) : nil
  }

  /// [rows, gates x units] where the input's projection is to be put before the forward pass.
  var inputGates: PanelMatrix { ordered?.view ?? cell.gates }
  /// [rows, gates x units] the gradient of the pre-activations after the backward pass.
  var inputGateGradients: PanelMatrix { ordered?.view ?? cell.gateGradients }
  var isReverse: Bool { ordered != nil }
  /// [rows, units] the hidden states after each row's timestep, in the direction's own time.
  var output: PanelMatrix { hidden.rows(timeline.capacity.sequences..<hidden.rows) }
  /// Panels of units.
  var panels: Int { hidden.panels }

  private func step(_ timestep: Int, _ sequences: Range<Int>) -> StepRows {
    let rows = timeline.rows(timestep: timestep, sequences)
    return StepRows(
      rows: rows, before: timeline.stateRow(before: timestep, sequences.lowerBound),
      after: timeline.capacity.sequences + rows.lowerBound, sequence: sequences.lowerBound,
      gradientBefore: timestep == 0 ? nil : timeline.row(timestep - 1, sequences.lowerBound))
  }

  /// Panels of gates that belong to panels of units.
  private func gatePanels(_ panels: Range<Int>) -> Range<Int> {
    panels.lowerBound * gates..<panels.upperBound * gates
  }

  // MARK: forward

  /// What has to be done to the weights before a step's first timestep.
  func weightPhases() -> [Phase] { weights.dropoutPhases() }

  /// z_t += h_{t-1} W, then the cell's non-linearity, for some sequences and some panels of units.
  ///
  /// - Parameter projection: x V + b of the layer.
  /// - Returns: whether any of the sequences has the timestep.
  @discardableResult
  func forward(
    timestep: Int, sequences: Range<Int>, panels: Range<Int>, projection: some InputProjection
  ) -> Bool {
    let step = step(timestep, sequences)
    guard !step.rows.isEmpty else { return false }
    let gatePanels = gatePanels(panels)
    let gates = cell.gates.rows(step.rows).panels(gatePanels)
    projection.place(rows: step.rows, panels: gatePanels, of: self, into: gates)
    let before = hidden.rows(step.before..<step.before + step.rows.count)
    let weight = weights.weight.panels(gatePanels)
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
  func forward(sequences: Range<Int>, projection: some InputProjection) {
    for timestep in 0..<timeline.timesteps {
      guard forward(timestep: timestep, sequences: sequences, panels: 0..<panels, projection: projection) else {
        return
      }
    }
  }

  // MARK: backward

  /// Forgets what was kept of a backward pass before.
  func beginBackward(sequences: Range<Int>) { cell.beginBackward(sequences: sequences) }

  /// dL/dh_t += dL/dz_{t+1} W^T, then the cell's derivative, for some sequences and some panels of units.
  func backward(timestep: Int, sequences: Range<Int>, panels: Range<Int>) {
    let step = step(timestep, sequences)
    guard !step.rows.isEmpty else { return }
    let future = timeline.rows(timestep: timestep + 1, sequences)
    if !future.isEmpty {
      let gradient = hiddenGradient.rows(step.rows.lowerBound..<step.rows.lowerBound + future.count)
      kernels.multiply(
        cell.recurrentGateGradients.rows(future), weights.transposed.panels(panels),
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
    reorderGradients(of: sequences)
  }

  /// Puts the gradients of the pre-activations in the minibatch's order, if they are in another.
  func reorderGradients(of sequences: Range<Int>) {
    guard let ordered else { return }
    timeline.forEachTimestep(of: sequences) { rows in
      ordered.view.rows(rows).gatherRows(of: cell.gateGradients, index: timeline.reversed.base + rows.lowerBound)
    }
  }

  // MARK: reduction

  /// dW = h_{t-1}^T dz and db, summed over t; those of the input's weights are its projection's.
  func reduction(into gradients: Gradients) -> [ReductionJob] {
    let (kernels, cell, timeline, hidden, carriesState) = (kernels, cell, timeline, hidden, carriesState)
    let (weights, recurrentGradient) = (weights, gradients.view(weights.handle))
    var jobs = ReductionTile.all(of: recurrentGradient).map { tile in
      ReductionJob(at: tile.place) {
        let sum = tile.view(of: recurrentGradient)
        var isFirst = true
        // A state of zero adds nothing.
        timeline.forEachStretch(from: carriesState ? 0 : 1) { before, rows in
          kernels.multiply(
            hidden.rows(before..<before + rows.count).panels(tile.rowPanels), transposed: true,
            cell.recurrentGateGradients.rows(rows).panels(tile.panels), into: sum, start: isFirst ? .zero : .accumulate)
          isFirst = false
        }
        if isFirst { sum.zeroRows() }
        weights.mask(recurrentGradient, tile)
      }
    }
    func addBias(_ gradient: PanelMatrix, of gates: PanelMatrix) {
      for panel in 0..<gradient.panels {
        jobs.append(
          ReductionJob(at: Double(panel) / Double(gradient.panels)) {
            gradient.panels(panel..<panel + 1).zeroRows()
            kernels.addRows(
              gates.pointer(panel: panel, row: 0), rows: timeline.rows, to: gradient.pointer(panel: panel, row: 0))
          })
      }
    }
    addBias(gradients.view(parameters.bias), of: cell.gateGradients)
    if let bias = parameters.recurrentBias { addBias(gradients.view(bias), of: cell.recurrentGateGradients) }
    return jobs
  }

  /// What each timestep adds to dW: dz_k h_{k-1}^T, after the backward pass.
  var recurrentContribution: WeightContribution {
    let (timeline, hidden) = (timeline, hidden)
    return WeightContribution(
      parameters.recurrentWeight, isReverse: isReverse, timeline: timeline,
      gateGradients: cell.recurrentGateGradients, isInReverseTime: isReverse, kernels: kernels
    ) { timestep in
      let before = timeline.stateRow(before: timestep, 0)
      return hidden.rows(before..<before + timeline.count(timestep: timestep))
    }
  }

  // MARK: state

  /// Total gradients by all states, after the backward pass; none unless they are kept.
  func stateGradients(layer: Int) -> [StateGradient] {
    zip(cell.states, keptGradients ?? []).enumerated().map { index, pair in
      StateGradient(
        name: "\(pair.0.name)_l\(layer)\(isReverse ? "_reverse" : "")", isHidden: index == 0, memory: pair.1,
        timeline: timeline, isReverse: isReverse)
    }
  }

  /// The state to begin the next window with: that after this window's last timestep. Sequences that end before have no next
  /// window; those that have one stand at the same places in it, unless it says which one each of its own goes on from.
  func carryState(to predecessors: [Int32]?) {
    let last = timeline.timesteps - 1
    guard last >= 0 else { return }
    let (count, first) = (timeline.count(timestep: last), timeline.stateRow(before: last + 1, 0))
    for (_, state) in cell.states {
      let ends = state.rows(first..<first + count)
      if let predecessors {
        state.rows(0..<predecessors.count).gatherRows(of: ends, index: predecessors)
      } else {
        state.rows(0..<count).copyRows(from: ends)
      }
    }
  }

  /// The state that the next window begins with: one matrix [sequences, units] for each kind of state the cell has.
  var carriedState: [(name: String, matrix: PanelMatrix)] {
    cell.states.map { ($0.name, $0.matrix.rows(0..<timeline.capacity.sequences)) }
  }
}

/// Where one direction's hidden states are, and their gradients: in memory of its own, or in blocks of its layer's.
struct DirectionMemory {
  /// [sequences + rows, units]
  let hidden: PanelMatrix
  /// [rows, units]
  let hiddenGradient: PanelMatrix
  private let owned: [OwnedMatrix]

  init(_ capacity: Timeline.Capacity, units: Int) {
    let hidden = OwnedMatrix(rows: capacity.sequences + capacity.rows, columns: units)
    let gradient = OwnedMatrix(rows: capacity.rows, columns: units)
    self.hidden = hidden.view
    hiddenGradient = gradient.view
    owned = [hidden, gradient]
  }

  /// - Parameter block: which columns of the two matrices.
  init(_ block: Int, of widths: Widths, _ hidden: OwnedMatrix, _ gradient: OwnedMatrix) {
    self.hidden = hidden.view.block(block, of: widths)
    hiddenGradient = gradient.view.block(block, of: widths)
    owned = [hidden, gradient]
  }
}
