import Compute

/// One recurrent layer: one direction, or two whose hidden states stand side by side.
///
/// What it hands on is its hidden states, unless dropout or a residual connection changes them on the way.
final class RecurrentLayer: Sendable {
  let directions: [RecurrentDirection]
  /// [rows, outputs] what the layer hands on.
  let output: PanelMatrix
  /// [rows, outputs] where the gradient of the output is to be put before the way back.
  let outputGradient: PanelMatrix
  /// Whether the input is added to the output.
  let isResidual: Bool

  private let timeline: Timeline
  /// Of what comes in, and of what is handed on.
  private let inputWidths: Widths
  private let widths: Widths
  private let dropout: Dropout?
  /// [sequences + rows, outputs] hidden states of both directions in the minibatch's order; those of the forward direction
  /// are computed here.
  private let hidden: OwnedMatrix
  private let hiddenGradient: OwnedMatrix
  /// Where output and output gradient are, if they are not the hidden states and their gradient.
  private let outputMemory: OwnedMatrix?
  private let outputGradientMemory: OwnedMatrix?

  /// - Parameters:
  ///   - keepsStateGradients: whether `RecurrentDirection.stateGradients` is going to be asked.
  ///   - dropout: of what the layer hands on; nil: none.
  init(
    _ index: Int, of parameters: Parameters, timeline: Timeline, carriesState: Bool, keepsStateGradients: Bool,
    dropout: Dropout?
  ) {
    let shape = parameters.shape
    let widths = shape.outputWidths
    let (sequences, rows) = (timeline.capacity.sequences, timeline.capacity.rows)
    // The output layer reads whole groups of 16 rows: there is room for the last one.
    let hidden = OwnedMatrix(rows: sequences + rows + PanelShape.width, columns: widths.columns)
    let hiddenGradient = OwnedMatrix(rows: rows, columns: widths.columns)
    directions = DirectionNames.all("rnn", layer: index, directions: shape.directions).enumerated().map { part, names in
      RecurrentDirection(
        names, of: parameters, timeline: timeline, units: shape.hidden, isReverse: part == 1,
        carriesState: carriesState, keepsStateGradients: keepsStateGradients,
        shared: part == 0 ? (hidden.view.part(0, of: widths), hiddenGradient.view.part(0, of: widths)) : nil)
    }
    self.hidden = hidden
    self.hiddenGradient = hiddenGradient
    self.timeline = timeline
    self.widths = widths
    inputWidths = shape.inputWidths(layer: index)
    self.dropout = dropout
    isResidual = shape.isResidual(layer: index)
    let changes = dropout != nil || isResidual
    outputMemory = changes ? OwnedMatrix(rows: rows + PanelShape.width, columns: widths.columns) : nil
    // A residual connection needs the output's gradient after dropout has masked the hidden states'.
    outputGradientMemory = isResidual ? OwnedMatrix(rows: rows, columns: widths.columns) : nil
    output = outputMemory?.view ?? hidden.view.rows(sequences..<hidden.view.rows)
    outputGradient = outputGradientMemory?.view ?? hiddenGradient.view
  }

  /// Whether what is handed on is another matrix than the hidden states.
  var changesOutput: Bool { outputMemory != nil }

  // MARK: forward

  /// Puts the hidden states of the reverse direction beside those of the other, for some sequences.
  func join(sequences: Range<Int>) {
    for (index, direction) in directions.enumerated() where direction.isReverse {
      let joined = states.part(index, of: widths)
      direction.forEachTimestep(of: sequences) { rows in
        joined.rows(rows).gatherRows(of: direction.output, index: timeline.reversed + rows.lowerBound)
      }
    }
  }

  /// output = dropout(hidden) + input, for some rows, where that is another matrix.
  func handOn(rows: Range<Int>, input: PanelMatrix?) {
    guard changesOutput else { return }
    let output = output.rows(rows)
    if let dropout {
      dropout.apply(states, into: self.output, rows: rows)
    } else {
      output.copyRows(from: states.rows(rows))
    }
    if isResidual, let input { output.addColumns(widths, of: input.rows(rows), inputWidths) }
  }

  /// [rows, outputs]
  private var states: PanelMatrix {
    hidden.view.rows(timeline.capacity.sequences..<hidden.view.rows)
  }

  // MARK: backward

  /// The gradient of the hidden states from that of the output, for some rows.
  func takeBack(rows: Range<Int>) {
    if let dropout {
      dropout.apply(outputGradient, into: hiddenGradient.view, rows: rows)
    } else if isResidual {
      hiddenGradient.view.rows(rows).copyRows(from: outputGradient.rows(rows))
    }
  }

  /// Hands the reverse direction its part of the hidden states' gradient, for some sequences.
  func part(sequences: Range<Int>) {
    for (index, direction) in directions.enumerated() where direction.isReverse {
      let joined = hiddenGradient.view.part(index, of: widths)
      direction.forEachTimestep(of: sequences) { rows in
        direction.hiddenGradient.rows(rows).gatherRows(of: joined, index: timeline.reversed + rows.lowerBound)
      }
    }
  }

  /// dL/dx of some rows: what all directions and a residual connection give back.
  func projectBack(rows: Range<Int>, into inputGradient: PanelMatrix) {
    let dx = inputGradient.rows(rows)
    if isResidual {
      dx.zeroRows()
      dx.addColumns(inputWidths, of: outputGradient.rows(rows), widths)
    }
    for (index, direction) in directions.enumerated() {
      direction.projectBack(
        direction.inputGateGradients.rows(rows), into: dx, start: index == 0 && !isResidual ? .zero : .accumulate)
    }
  }
}
