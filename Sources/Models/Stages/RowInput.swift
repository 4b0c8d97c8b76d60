import Compute

/// The vectors of a minibatch's inputs row by row: where dropout makes every row another, where a residual connection
/// reads them, or where more is known of a word than which one it is, or readers read it in its sentence. That stands in the last
/// blocks of columns.
struct RowInput: Stage {
  private let minibatch: Minibatch
  private let vectors: InputVectors
  /// [reader] what each gives, and which of its rows end a word.
  private let readings: [(SentenceReadings, Activations)]
  private let widths: Widths
  private let dropout: Dropout?
  private let valueMemory: OwnedMatrix
  private let gradientMemory: OwnedMatrix
  private let workers: Int

  /// - Parameters:
  ///   - readings: what readers give.
  ///   - widths: of the vectors, of what else is known, and of readers.
  ///   - dropout: of all that; nil: none.
  init(
    _ vectors: InputVectors, of minibatch: Minibatch, readings: [(SentenceReadings, Activations)], widths: Widths,
    dropout: Dropout?, training: Bool, workers: Int
  ) {
    self.minibatch = minibatch
    self.vectors = vectors
    self.readings = readings
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
          x.block(vectors.widths.columnCounts.count, of: widths).rows(rows).copyRows(from: features.rows(rows))
        }
        for (reader, (reading, states)) in readings.enumerated() {
          block(of: reader, in: x).rows(rows).gatherRows(of: states.values, index: reading.ends.base + rows.lowerBound)
        }
        dropout?.apply(x, into: x, rows: rows)
      }
    ]
  }

  /// Panels of what follows from a word alone.
  private var words: Range<Int> { 0..<vectors.values.panels }

  /// The columns of a reader.
  private func block(of reader: Int, in matrix: PanelMatrix) -> PanelMatrix {
    matrix.block(widths.columnCounts.count - readings.count + reader, of: widths)
  }

  /// The gradients of each distinct input's rows, masked and summed in row order; readers have theirs at the ends of words.
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
    let spread = readings.enumerated().map { reader, pair in
      let (reading, states) = pair
      return Phase(.inputGradient, jobs: { states.gradient.panels }) { [self, minibatch] panel in
        let gradient = states.gradient.rows(0..<reading.characters.rows)
        gradient.panels(panel..<panel + 1).zeroRows()
        gradient.addRows(
          of: block(of: reader, in: dx).rows(0..<minibatch.rows), panel: panel, at: reading.ends.base)
      }
    }
    return [mask, sum].compactMap(\.self) + spread
  }
}
