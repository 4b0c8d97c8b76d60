import Compute

/// The vectors of a minibatch's inputs row by row: where dropout makes every row another, where a residual connection
/// reads them, or where more is known of a word than which one it is. That stands in the last block of columns.
struct RowInput: Stage {
  private let minibatch: Minibatch
  private let vectors: InputVectors
  private let widths: Widths
  private let dropout: Dropout?
  private let valueMemory: OwnedMatrix
  private let gradientMemory: OwnedMatrix
  private let workers: Int

  /// - Parameters:
  ///   - widths: of the vectors, and of what else is known.
  ///   - dropout: of all that; nil: none.
  init(
    _ vectors: InputVectors, of minibatch: Minibatch, widths: Widths, dropout: Dropout?, training: Bool, workers: Int
  ) {
    self.minibatch = minibatch
    self.vectors = vectors
    self.widths = widths
    self.dropout = dropout
    self.workers = workers
    let rows = minibatch.timeline.capacity.rows
    valueMemory = OwnedMatrix(rows: rows, columns: widths.columns)
    gradientMemory = OwnedMatrix(rows: training ? rows : 0, columns: widths.columns)
  }

  /// [rows, inputs]
  var output: Activations { Activations(values: valueMemory.view, gradient: gradientMemory.view) }

  func forwardPhases() -> [Phase] {
    let x = output.values
    return [
      Phase(.input, rows: { [minibatch] in minibatch.rows }, workers: workers) { [self] rows in
        x.panels(words).rows(rows).gatherRows(of: vectors.values, index: minibatch.slots.base + rows.lowerBound)
        if let features = minibatch.features {
          x.block(widths.columnCounts.count - 1, of: widths).rows(rows).copyRows(from: features.rows(rows))
        }
        dropout?.apply(x, into: x, rows: rows)
      }
    ]
  }

  /// Panels of what follows from a word alone.
  private var words: Range<Int> { 0..<vectors.values.panels }

  /// The gradients of each distinct input's rows, masked and summed in row order.
  func backwardPhases(into gradients: Gradients) -> [Phase] {
    let dx = output.gradient
    let mask = dropout.map { dropout in
      Phase(.inputGradient, rows: { [minibatch] in minibatch.rows }, workers: workers) { rows in
        dropout.apply(dx, into: dx, rows: rows)
      }
    }
    let sum = Phase(.inputGradient, jobs: { [self] in words.count }) { [self] panel in
      vectors.gradients.sumRows(
        of: dx, index: minibatch.rowsByToken.base, start: minibatch.rowStarts.base, panels: panel..<panel + 1)
    }
    return [mask, sum].compactMap(\.self)
  }
}
