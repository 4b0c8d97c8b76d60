import Compute

/// The vectors of a minibatch's inputs row by row: where dropout makes every row another, or where a residual connection
/// reads them.
struct RowInput: Stage {
  private let minibatch: Minibatch
  private let vectors: InputVectors
  private let dropout: Dropout?
  private let valueMemory: OwnedMatrix
  private let gradientMemory: OwnedMatrix
  private let workers: Int

  /// - Parameter dropout: of the vectors; nil: none.
  init(_ vectors: InputVectors, of minibatch: Minibatch, dropout: Dropout?, training: Bool, workers: Int) {
    self.minibatch = minibatch
    self.vectors = vectors
    self.dropout = dropout
    self.workers = workers
    let rows = minibatch.timeline.capacity.rows
    valueMemory = OwnedMatrix(rows: rows, columns: vectors.widths.columns)
    gradientMemory = OwnedMatrix(rows: training ? rows : 0, columns: vectors.widths.columns)
  }

  /// [rows, inputs]
  var output: Activations { Activations(values: valueMemory.view, gradient: gradientMemory.view) }

  func forwardPhases() -> [Phase] {
    let x = output.values
    return [
      Phase(.input, rows: { [minibatch] in minibatch.rows }, workers: workers) { [self] rows in
        x.rows(rows).gatherRows(of: vectors.values, index: minibatch.slots.base + rows.lowerBound)
        dropout?.apply(x, into: x, rows: rows)
      }
    ]
  }

  /// The gradients of each distinct input's rows, masked and summed in row order.
  func backwardPhases(into gradients: Gradients) -> [Phase] {
    let dx = output.gradient
    let mask = dropout.map { dropout in
      Phase(.inputGradient, rows: { [minibatch] in minibatch.rows }, workers: workers) { rows in
        dropout.apply(dx, into: dx, rows: rows)
      }
    }
    let sum = Phase(.inputGradient, jobs: { dx.panels }) { [self] panel in
      vectors.gradients.sumRows(
        of: dx, index: minibatch.rowsByToken.base, start: minibatch.rowStarts.base, panels: panel..<panel + 1)
    }
    return [mask, sum].compactMap(\.self)
  }
}
