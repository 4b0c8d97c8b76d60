import Compute

/// The way from ids to the first layer and back.
///
/// A minibatch has fewer different inputs than rows (text repeats its words), so everything is done once per distinct
/// input: its vector (the embedding, with the character encoder's columns beside it), that vector's projection, and on
/// the way back the sum of the gradients of all rows that have the input, in row order.
final class EmbeddingInput: Sendable {
  private let name: String
  private let minibatch: Minibatch
  private let embedding: PanelMatrix
  private let widths: Widths
  /// [distinct, inputs] vectors, and later their gradients.
  private let vectorMemory: OwnedMatrix
  private let gradientMemory: OwnedMatrix
  /// [distinct, gates x units] for each direction: projected vectors, later the sums of gradients by distinct input, since
  /// they are not needed at the same time. Empty where vectors are projected row by row.
  private let projections: [OwnedMatrix]

  /// - Parameters:
  ///   - name: the embedding's.
  ///   - widths: of a vector; the first part is the embedding's.
  ///   - gateColumns: of each direction's gates, where projections are shared by rows.
  init(
    _ name: String, widths: Widths, of parameters: Parameters, minibatch: Minibatch, gateColumns: [Int], training: Bool
  ) {
    self.name = name
    self.minibatch = minibatch
    self.widths = widths
    embedding = parameters.view(name)
    let rows = minibatch.timeline.capacity.rows
    let most = minibatch.forms == nil ? min(rows, embedding.rows) : rows
    vectorMemory = OwnedMatrix(rows: most, columns: widths.columns)
    gradientMemory = OwnedMatrix(rows: training ? most : 0, columns: widths.columns)
    projections = gateColumns.map { OwnedMatrix(rows: most, columns: $0) }
  }

  private var all: Range<Int> { 0..<minibatch.distinctCount }
  var vectors: PanelMatrix { vectorMemory.view.rows(all) }
  var vectorGradients: PanelMatrix { gradientMemory.view.rows(all) }

  /// One of a vector's parts, and of its gradient.
  func part(_ index: Int) -> PanelMatrix { vectors.part(index, of: widths) }
  func gradientPart(_ index: Int) -> PanelMatrix { vectorGradients.part(index, of: widths) }

  /// Vectors and sums of gradients by distinct input, for the gradient of a direction's projection.
  func distinct(direction: Int) -> (x: PanelMatrix, gradients: PanelMatrix) {
    (vectors, projections[direction].view.rows(all))
  }

  // MARK: forward

  /// The embeddings of some distinct inputs.
  func embed(share rows: Range<Int>) {
    part(0).rows(rows).gatherRows(of: embedding, index: minibatch.distinctTokens + rows.lowerBound)
  }

  func project(share rows: Range<Int>, into directions: [RecurrentDirection]) {
    for (direction, projection) in zip(directions, projections) {
      direction.project(vectors.rows(rows), into: projection.view.rows(rows))
    }
  }

  /// Projections for some rows and panels of one direction, in its own time.
  func gather(_ direction: Int, isReverse: Bool, rows: Range<Int>, panels: Range<Int>, into gates: PanelMatrix) {
    let slots = isReverse ? minibatch.reversedSlots : minibatch.slots
    gates.gatherRows(of: projections[direction].view.panels(panels), index: slots + rows.lowerBound)
  }

  // MARK: backward

  func sumGradients(of directions: [RecurrentDirection], panel: Int) {
    var panel = panel
    for (index, direction) in directions.enumerated() {
      let gradients = direction.inputGateGradients
      if panel < gradients.panels {
        return sum(gradients, panel: panel, into: distinct(direction: index).gradients)
      }
      panel -= gradients.panels
    }
  }

  /// Panels of all directions, each a job of `sumGradients`.
  static func panels(of directions: [RecurrentDirection]) -> Int {
    directions.reduce(0) { $0 + $1.inputGateGradients.panels }
  }

  /// The vectors' gradients from the sums of the gates'.
  func projectBack(share rows: Range<Int>, through directions: [RecurrentDirection]) {
    for (index, direction) in directions.enumerated() {
      direction.projectBack(
        projections[index].view.rows(rows), into: vectorGradients.rows(rows), start: index == 0 ? .zero : .accumulate)
    }
  }

  /// The vectors' gradients where those of all rows are known: one panel of them.
  func sumVectorGradients(of rowGradients: PanelMatrix, panel: Int) {
    sum(rowGradients, panel: panel, into: vectorGradients)
  }

  private func sum(_ rows: PanelMatrix, panel: Int, into sums: PanelMatrix) {
    sums.sumRows(of: rows, index: minibatch.rowsByToken, start: minibatch.rowStarts, panels: panel..<panel + 1)
  }

  /// Brings the vectors' gradients to the embedding's, distinct input after distinct input: several may have one embedding,
  /// as unknown words do.
  func embeddingPhases(into gradients: Gradients) -> [Phase] {
    guard let gradient = gradients.rows(name) else {
      // A tied embedding: added to what the output layer has put there.
      let gradient = gradients.view(name)
      return [
        Phase("input gradient", jobs: { gradient.panels }) { [self] panel in
          gradient.addRows(of: gradientPart(0), panel: panel, at: minibatch.distinctTokens)
        }
      ]
    }
    let places = IndexMemory(count: vectorMemory.view.rows)
    return [
      Phase("input gradient", jobs: { 1 }) { [minibatch] _ in
        gradient.rows.removeAll()
        for slot in 0..<minibatch.distinctCount {
          places.base[slot] = gradient.rows.insert(minibatch.distinctTokens[slot])
        }
      },
      Phase("input gradient", jobs: { gradient.values.panels }) { [self] panel in
        let values = gradient.values.rows(0..<gradient.rows.count)
        values.panels(panel..<panel + 1).zeroRows()
        values.addRows(of: gradientPart(0), panel: panel, at: places.base)
      },
    ]
  }
}

/// What goes into the first layer row by row: where dropout makes every row another, or where a residual connection needs it.
final class RowInput: Sendable {
  private let minibatch: Minibatch
  let dropout: Dropout?
  private let memory: OwnedMatrix
  private let gradientMemory: OwnedMatrix

  init(minibatch: Minibatch, columns: Int, dropout: Dropout?, training: Bool) {
    self.minibatch = minibatch
    self.dropout = dropout
    let rows = minibatch.timeline.capacity.rows
    memory = OwnedMatrix(rows: rows, columns: columns)
    gradientMemory = OwnedMatrix(rows: training ? rows : 0, columns: columns)
  }

  /// [rows, inputs]
  var rows: PanelMatrix { memory.view }
  /// [rows, inputs] where the gradient of the rows is to be put.
  var gradient: PanelMatrix { gradientMemory.view }

  func fill(rows range: Range<Int>, from vectors: PanelMatrix) {
    rows.rows(range).gatherRows(of: vectors, index: minibatch.slots + range.lowerBound)
    dropout?.apply(rows, into: rows, rows: range)
  }

  func takeBack(rows range: Range<Int>) { dropout?.apply(gradient, into: gradient, rows: range) }
}
