import Compute

/// One recurrent layer over a window of timesteps: the products around its cell, forward and back through time.
///
/// Padding columns of activations and their gradients are zeros, because those of the weights are and because each cell
/// keeps its state's so.
package final class RecurrentLayer: Sendable {
  private let cell: any Cell
  private let streams: Int
  private let kernels: Kernels
  private let inputWeight: PanelMatrix
  private let inputWeightTransposed: PanelMatrix
  private let recurrentWeight: PanelMatrix
  private let recurrentWeightTransposed: PanelMatrix
  private let bias: PanelMatrix
  /// Only where the cell has recurrent gates apart.
  private let recurrentBias: PanelMatrix?
  private let names: (input: String, recurrent: String, bias: String, recurrentBias: String)

  init(_ index: Int, of parameters: Parameters, streams: Int, timesteps: Int) {
    let shape = parameters.shape
    self.streams = streams
    kernels = parameters.kernels
    names = ("rnn.weight_ih_l\(index)", "rnn.weight_hh_l\(index)", "rnn.bias_ih_l\(index)", "rnn.bias_hh_l\(index)")
    inputWeight = parameters.view(names.input)
    inputWeightTransposed = parameters.transposed(names.input)
    recurrentWeight = parameters.view(names.recurrent)
    recurrentWeightTransposed = parameters.transposed(names.recurrent)
    bias = parameters.view(names.bias)
    recurrentBias = shape.cell.hasRecurrentBias ? parameters.view(names.recurrentBias) : nil
    cell = shape.cell.makeCell(streams: streams, timesteps: timesteps, units: shape.hidden, kernels: kernels)
  }

  /// [T * B, units] what the layer hands on.
  var output: PanelMatrix { cell.hidden.rows(streams..<cell.hidden.rows) }
  /// [T * B, units] where the gradient of the output is to be put before the way back.
  var outputGradient: PanelMatrix { cell.hiddenGradient }
  /// [T * B, gates x units] the gradient of the pre-activations after the way back.
  var gateGradients: PanelMatrix { cell.gateGradients }
  /// [T * B, gates x units] where the input's projection is to be put before the way forward.
  var gates: PanelMatrix { cell.gates }

  // MARK: one product for all timesteps

  /// projection = b + x V for rows of any kind (timesteps, or distinct tokens): [n, inputs] -> [n, gates x units].
  func project(_ x: PanelMatrix, into projection: PanelMatrix) {
    kernels.multiply(x, inputWeight, into: projection, start: .columnBias(bias.base))
  }

  /// dx = dz V^T: [n, gates x units] -> [n, inputs].
  func projectBack(_ gradients: PanelMatrix, into inputGradient: PanelMatrix) {
    kernels.multiply(gradients, inputWeightTransposed, into: inputGradient, start: .zero)
  }

  // MARK: timestep after timestep

  /// z_t += h_{t-1} W, then the cell's non-linearity, for some streams through all timesteps.
  ///
  /// - Parameter gather: puts a timestep's projected input in place, where it isn't there already.
  func forward(streams range: Range<Int>, timesteps: Int, gather: (_ rows: Range<Int>, _ into: PanelMatrix) -> Void) {
    for timestep in 0..<timesteps {
      let rows = range.lowerBound + timestep * streams..<range.upperBound + timestep * streams
      let gates = cell.gates.rows(rows)
      gather(rows, gates)
      let before = cell.hidden.rows(rows)
      if let recurrentBias, let recurrent = cell.recurrentGates {
        kernels.multiply(before, recurrentWeight, into: recurrent.rows(rows), start: .columnBias(recurrentBias.base))
      } else {
        kernels.multiply(before, recurrentWeight, into: gates, start: .accumulate)
      }
      cell.activate(rows: rows)
    }
  }

  /// dL/dh_t += dL/dz_{t+1} W^T, then the cell's derivative, for some streams back through all timesteps.
  func backward(streams range: Range<Int>, timesteps: Int) {
    for timestep in (0..<timesteps).reversed() {
      let rows = range.lowerBound + timestep * streams..<range.upperBound + timestep * streams
      let last = timestep == timesteps - 1
      if !last {
        kernels.multiply(
          cell.recurrentGateGradients.rows(rows.lowerBound + streams..<rows.upperBound + streams),
          recurrentWeightTransposed, into: cell.hiddenGradient.rows(rows), start: .accumulate)
      }
      cell.differentiate(rows: rows, last: last)
    }
  }

  // MARK: the reducer's part

  /// Jobs that each sum one tile of this layer's gradients over all rows in order.
  ///
  /// - Parameters:
  ///   - input: the rows that went in and the gradients of their projections: timesteps, or distinct tokens.
  func reduction(
    into gradients: Gradients, rows: @escaping @Sendable () -> Int,
    input: @escaping @Sendable () -> (x: PanelMatrix, gradients: PanelMatrix)
  ) -> [@Sendable () -> Void] {
    let (kernels, cell) = (kernels, cell)
    let inputGradient = gradients.view(names.input)
    let recurrentGradient = gradients.view(names.recurrent)
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
        // Row r of `hidden` is the state before row r's timestep.
        let previous = cell.hidden.rows(0..<rows())
        kernels.multiply(
          previous.panels(h), transposed: true, cell.recurrentGateGradients.rows(0..<rows()).panels(panels),
          into: recurrentGradient.rows(ReductionTile.columns(h, of: previous)).panels(panels), start: .zero)
      }
    }
    func addBias(_ gradient: PanelMatrix, of gates: PanelMatrix) {
      for panel in 0..<gradient.panels {
        jobs.append {
          let sum = gradient.pointer(panel: panel, row: 0)
          sum.update(repeating: 0, count: PanelShape.width)
          kernels.addRows(gates.pointer(panel: panel, row: 0), rows: rows(), to: sum)
        }
      }
    }
    addBias(gradients.view(names.bias), of: cell.gateGradients)
    if recurrentBias != nil { addBias(gradients.view(names.recurrentBias), of: cell.recurrentGateGradients) }
    return jobs
  }

  // MARK: state

  /// The state to begin the next window with: that after this window's last timestep.
  func carryState(timesteps: Int) {
    for (_, state) in cell.states {
      state.rows(0..<streams).copyRows(from: state.rows(timesteps * streams..<(timesteps + 1) * streams))
    }
  }

  /// The state that the next window begins with: one matrix [B, units] for each kind of state the cell has.
  var carriedState: [(name: String, matrix: PanelMatrix)] {
    cell.states.map { ($0.name, $0.matrix.rows(0..<streams)) }
  }
}

/// How a gradient's matrix is cut into jobs: some 100 rows by 64 columns, small enough to share out evenly, large enough
/// to be worth a product.
enum ReductionTile {
  static let rowPanels = 6
  static let columnPanels = 4

  /// Ranges of panels: of the left operand (which become rows), and of the right one.
  static func all(of gradient: PanelMatrix) -> [(Range<Int>, Range<Int>)] {
    let rowPanels = (gradient.rows + PanelShape.width - 1) / PanelShape.width
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
