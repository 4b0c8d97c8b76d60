import Compute

/// The vectors of a minibatch's distinct inputs, [distinct, inputs], and their gradients: text repeats its words, so a vector
/// is made once, and its gradient is the sum over all rows that have the input.
///
/// The first block of columns is the embedding's; a character encoder has two more beside it.
struct InputVectors {
  private let minibatch: Minibatch
  let widths: Widths
  private let valueMemory: OwnedMatrix
  private let gradientMemory: OwnedMatrix

  /// - Parameter vocabulary: rows of the embedding.
  init(of minibatch: Minibatch, vocabulary: Int, widths: Widths, training: Bool) {
    self.minibatch = minibatch
    self.widths = widths
    let rows = minibatch.timeline.capacity.rows
    capacity = minibatch.forms == nil ? min(rows, vocabulary) : rows
    valueMemory = OwnedMatrix(rows: capacity, columns: widths.columns)
    gradientMemory = OwnedMatrix(rows: training ? capacity : 0, columns: widths.columns)
  }

  /// Most distinct inputs.
  let capacity: Int
  var values: PanelMatrix { valueMemory.view.rows(0..<minibatch.distinctCount) }
  var gradients: PanelMatrix { gradientMemory.view.rows(0..<minibatch.distinctCount) }
}

/// The embeddings of a minibatch's distinct inputs.
struct EmbeddingInput: Stage {
  private let embedding: Parameter.Handle
  private let table: PanelMatrix
  private let minibatch: Minibatch
  private let vectors: InputVectors
  private let dropout: VocabularyDropout?
  private let kinds: PhaseKinds
  private let workers: Int

  /// - Parameters:
  ///   - vectors: whose first block the embeddings are.
  ///   - dropout: of whole embeddings; nil: none.
  init(
    _ embedding: Parameter.Handle, of parameters: Parameters, minibatch: Minibatch, into vectors: InputVectors,
    dropout: VocabularyDropout? = nil, kinds: PhaseKinds, workers: Int
  ) {
    self.embedding = embedding
    table = parameters.view(embedding)
    self.minibatch = minibatch
    self.vectors = vectors
    self.dropout = dropout
    self.kinds = kinds
    self.workers = workers
  }

  func forwardPhases() -> [Phase] {
    [
      Phase(kinds.forward, rows: { [minibatch] in minibatch.distinctCount }, workers: workers) { rows in
        let embeddings = vectors.values.block(0, of: vectors.widths).rows(rows)
        let tokens = minibatch.distinctTokens.base + rows.lowerBound
        embeddings.gatherRows(of: table, index: tokens)
        dropout?.apply(embeddings, tokens: tokens)
      }
    ]
  }

  func backwardPhases(into gradients: Gradients) -> [Phase] { dropoutBackwardPhases + sumPhases(into: gradients) }

  /// The mask is its own derivative.
  private var dropoutBackwardPhases: [Phase] {
    guard let dropout else { return [] }
    return [
      Phase(kinds.backward, rows: { [minibatch] in minibatch.distinctCount }, workers: workers) { rows in
        dropout.apply(
          vectors.gradients.block(0, of: vectors.widths).rows(rows),
          tokens: minibatch.distinctTokens.base + rows.lowerBound)
      }
    ]
  }

  /// The embedding's gradient, distinct input after distinct input: several may have one embedding, as unknown words do. Of
  /// one that is the output layer's weight, too, added to what that layer has put there.
  private func sumPhases(into gradients: Gradients) -> [Phase] {
    guard let gradient = gradients.rows(embedding) else { return denseSumPhases(into: gradients.view(embedding)) }
    let places = Buffer<Int32>(count: vectors.capacity, repeating: 0)
    /// [1] rows that the output layer has put there.
    let filled = Buffer<Int32>(count: 1, repeating: 0)
    let isTied = gradient.parameter.gradientRows.beginAtOutput
    return [
      Phase(kinds.backward, jobs: { 1 }) { [minibatch] _ in
        if !isTied { gradient.rows.removeAll() }
        filled[0] = Int32(gradient.rows.count)
        for slot in 0..<minibatch.distinctCount {
          places[slot] = gradient.rows.insert(minibatch.distinctTokens[slot])
        }
      },
      Phase(kinds.backward, jobs: { gradient.values.panels }) { [vectors] panel in
        let values = gradient.values.rows(0..<gradient.rows.count)
        gradient.values.rows(Int(filled[0])..<gradient.rows.count).panels(panel..<panel + 1).zeroRows()
        values.addRows(of: vectors.gradients.block(0, of: vectors.widths), panel: panel, at: places.base)
      },
    ]
  }

  private func denseSumPhases(into gradient: PanelMatrix) -> [Phase] {
    [
      Phase(kinds.backward, jobs: { gradient.panels }) { [vectors, minibatch] panel in
        gradient.addRows(
          of: vectors.gradients.block(0, of: vectors.widths), panel: panel, at: minibatch.distinctTokens.base)
      }
    ]
  }
}
