import Compute

/// The way from token ids to the first layer and back.
///
/// A minibatch has fewer different tokens than rows (text repeats its words), so everything is done once per distinct
/// token: its embedding, that embedding's projection, and on the way back the sum of the gradients of all rows that have
/// the token, in row order.
final class EmbeddingInput: Sendable {
  private let minibatch: Minibatch
  private let embedding: PanelMatrix
  /// [distinct, embedding] embeddings, and later their gradients.
  private let embeddings: OwnedMatrix
  private let embeddingGradients: OwnedMatrix
  /// [distinct, gates x units] projected embeddings, later the sums of gradients by token: not needed at the same time.
  private let projections: OwnedMatrix

  init(of parameters: Parameters, minibatch: Minibatch, gateColumns: Int, training: Bool) {
    self.minibatch = minibatch
    embedding = parameters.view("embedding.weight")
    let most = min(minibatch.streams * minibatch.capacity, parameters.shape.vocabulary)
    embeddings = OwnedMatrix(rows: most, columns: parameters.shape.embedding)
    embeddingGradients = OwnedMatrix(rows: training ? most : 0, columns: parameters.shape.embedding)
    projections = OwnedMatrix(rows: most, columns: gateColumns)
  }

  /// Embeddings and gradient sums by distinct token, for the gradient of the projection's weights.
  var distinct: (x: PanelMatrix, gradients: PanelMatrix) {
    let all = 0..<minibatch.distinctCount
    return (embeddings.view.rows(all), projections.view.rows(all))
  }

  func project(share rows: Range<Int>, into layer: RecurrentLayer) {
    let x = embeddings.view.rows(rows)
    x.gatherRows(of: embedding, index: minibatch.distinctTokens + rows.lowerBound)
    layer.project(x, into: projections.view.rows(rows))
  }

  func gather(rows: Range<Int>, into gates: PanelMatrix) {
    gates.gatherRows(of: projections.view, index: minibatch.slots + rows.lowerBound)
  }

  func sumGradients(of layer: RecurrentLayer, panels: Range<Int>) {
    distinct.gradients.sumRows(
      of: layer.gateGradients, index: minibatch.rowsByToken, start: minibatch.rowStarts, panels: panels)
  }

  func projectBack(share rows: Range<Int>, through layer: RecurrentLayer, into gradient: PanelMatrix) {
    let x = embeddingGradients.view.rows(rows)
    layer.projectBack(projections.view.rows(rows), into: x)
    for (index, slot) in rows.enumerated() {
      let token = Int(minibatch.distinctTokens[slot])
      gradient.rows(token..<token + 1).copyRows(from: x.rows(index..<index + 1))
    }
  }

  /// Makes the gradient's rows of this minibatch's tokens zero again.
  func clear(share rows: Range<Int>, of gradient: PanelMatrix) {
    for slot in rows {
      let token = Int(minibatch.distinctTokens[slot])
      gradient.rows(token..<token + 1).zeroRows()
    }
  }
}
