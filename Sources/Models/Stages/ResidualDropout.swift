import Compute

/// What stands between a recurrent layer and the next: output = dropout(hidden) + input, where there is dropout or a
/// residual connection.
struct ResidualDropout: Stage {
  private let hidden: Activations
  private let dropout: Dropout?
  private let residual: Residual?
  private let minibatch: Minibatch
  private let valueMemory: OwnedMatrix
  private let gradientMemory: OwnedMatrix?
  private let widths: Widths
  private let workers: Int

  /// What is added to the hidden states. Both are of one width, but not need to be of the same blocks.
  struct Residual {
    let input: Activations
    let widths: Widths
  }

  /// - Parameters:
  ///   - hidden: [rows, hidden of all directions] what the layer gives.
  ///   - dropout: of the hidden states; nil: none.
  ///   - residual: nil: nothing is added.
  init(
    _ hidden: Activations, widths: Widths, dropout: Dropout?, residual: Residual?, minibatch: Minibatch, workers: Int
  ) {
    self.hidden = hidden
    self.widths = widths
    self.dropout = dropout
    self.residual = residual
    self.minibatch = minibatch
    self.workers = workers
    let rows = minibatch.timeline.capacity.rows
    valueMemory = OwnedMatrix(rows: rows + PanelShape.width, columns: widths.columns)
    // A residual connection needs the output's gradient after dropout has masked the hidden states'.
    gradientMemory = residual == nil ? nil : OwnedMatrix(rows: rows, columns: widths.columns)
  }

  /// [rows, hidden of all directions]
  var output: Activations {
    Activations(values: valueMemory.view, gradient: gradientMemory?.view ?? hidden.gradient)
  }

  func forwardPhases() -> [Phase] {
    let y = output.values
    return [
      Phase(.input, rows: { [minibatch] in minibatch.rows }, workers: workers) { [self] rows in
        if let dropout {
          dropout.apply(hidden.values, into: y, rows: rows)
        } else {
          y.rows(rows).copyRows(from: hidden.values.rows(rows))
        }
        if let residual { y.rows(rows).addColumns(widths, of: residual.input.values.rows(rows), residual.widths) }
      }
    ]
  }

  /// The mask is its own derivative; a residual connection gives its input the output's gradient as it is.
  func backwardPhases(into gradients: Gradients) -> [Phase] {
    let dy = output.gradient
    return [
      Phase(.inputGradient, rows: { [minibatch] in minibatch.rows }, workers: workers) { [self] rows in
        if let dropout {
          dropout.apply(dy, into: hidden.gradient, rows: rows)
        } else {
          hidden.gradient.rows(rows).copyRows(from: dy.rows(rows))
        }
        if let residual {
          let dx = residual.input.gradient.rows(rows)
          dx.zeroRows()
          dx.addColumns(residual.widths, of: dy.rows(rows), widths)
        }
      }
    ]
  }
}
