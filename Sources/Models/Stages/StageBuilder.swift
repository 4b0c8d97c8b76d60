import Compute

/// Puts a model's stages together: which ones there are, and what reads what.
struct StageBuilder {
  let parameters: Parameters
  let minibatch: Minibatch
  let layers: [RecurrentLayer]
  let trial: SharingTrial
  let rates: DropoutRates
  let penalties: ActivationPenalties
  let step: StepSettings
  let training: Bool
  let workers: Int

  private var shape: ModelShape { parameters.shape }

  /// All stages, and what the last of them gives.
  func stages() -> ([any Stage], Activations) {
    let vectors = InputVectors(
      of: minibatch, vocabulary: shape.vocabulary, widths: shape.wordWidths, training: training)
    var stages = characterStages(into: vectors)
    stages.append(
      EmbeddingInput(
        parameters.layout.embedding, of: parameters, minibatch: minibatch, into: vectors,
        dropout: VocabularyDropout(rates, step: step), kinds: .tokens, workers: workers))
    let dropout = dropout(rates.input, place: 0)
    if dropout == nil && !shape.isResidual(layer: 0) && shape.features == 0 {
      let projection = SharedProjection(
        vectors, of: minibatch, inputWeights(layer: 0), into: layers[0].directions, kinds: .tokens, workers: workers)
      stages += [projection, recurrence(0, projection)]
      var output = layers[0].output
      stages += connection(0, residual: nil, output: &output)
      return addLayers(from: 1, to: stages, reading: output)
    }
    let rows = RowInput(
      vectors, of: minibatch, widths: shape.inputWidths(layer: 0), dropout: dropout, training: training,
      workers: workers)
    stages.append(rows)
    return addLayers(from: 0, to: stages, reading: rows.output)
  }

  private func characterStages(into words: InputVectors) -> [any Stage] {
    guard let handles = parameters.layout.characters, let sizes = shape.characters, let spellings = minibatch.spellings
    else { return [] }
    return [
      CharacterEncoder(
        handles, sizes, of: parameters, spellings: spellings, into: words, workers: workers, training: training)
    ]
  }

  /// Layers that read rows, each those of the one below.
  private func addLayers(
    from first: Int, to stages: [any Stage], reading input: Activations
  ) -> ([any Stage], Activations) {
    var (stages, x) = (stages, input)
    for index in first..<layers.count {
      let isResidual = shape.isResidual(layer: index)
      let projection = RowProjection(
        x, of: minibatch, inputWeights(layer: index), into: layers[index].directions, isResidual: isResidual,
        workers: workers)
      stages += [projection, recurrence(index, projection)]
      let residual = ResidualDropout.Residual(input: x, widths: shape.inputWidths(layer: index))
      x = layers[index].output
      stages += connection(index, residual: isResidual ? residual : nil, output: &x)
    }
    return (stages, x)
  }

  private func recurrence(_ index: Int, _ projection: some InputProjection) -> any Stage {
    Recurrence(layer: layers[index], projection: projection, timeline: minibatch.timeline, trial: trial)
  }

  /// What stands between a layer and the next, or the output layer, if anything does.
  ///
  /// - Parameter output: the layer's, and then that of what stands behind it.
  private func connection(
    _ index: Int, residual: ResidualDropout.Residual?, output: inout Activations
  ) -> [any Stage] {
    guard index == layers.count - 1 else {
      return residualDropout(index, share: rates.layers, residual: residual, output: &output)
    }
    let change = penalty(.change, penalties.temporal, of: output)
    let stages = residualDropout(index, share: rates.output, residual: residual, output: &output)
    let size = penalty(.size, penalties.activation, of: output)
    return [change].compactMap(\.self) + stages + [size].compactMap(\.self)
  }

  private func residualDropout(
    _ index: Int, share: Double, residual: ResidualDropout.Residual?, output: inout Activations
  ) -> [any Stage] {
    let dropout = dropout(share, place: index + 1)
    guard dropout != nil || residual != nil else { return [] }
    let connection = ResidualDropout(
      output, widths: shape.outputWidths(layer: index), dropout: dropout, residual: residual, minibatch: minibatch,
      workers: workers)
    output = connection.output
    return [connection]
  }

  /// Of the last layer's activations.
  private func penalty(
    _ kind: ActivationPenalty.Kind, _ weight: Double, of activations: Activations
  ) -> (any Stage)? {
    ActivationPenalty(
      kind, weight: weight, of: activations, width: shape.outputWidths.total, minibatch: minibatch, step: step,
      workers: workers)
  }

  private func inputWeights(layer index: Int) -> [InputWeights] {
    parameters.layout.layers[index].map { InputWeights($0, of: parameters) }
  }

  private func dropout(_ share: Double, place: Int) -> Dropout? {
    Dropout(share: share, place: place, rates: rates, timeline: minibatch.timeline, step: step)
  }
}
