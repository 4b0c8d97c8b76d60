import Compute

/// Puts a network's stages together: which ones there are, and what reads what.
struct StageBuilder {
  /// The network's sizes and parameters, those of its readers apart.
  let shape: ModelShape
  let network: NetworkParameters
  let parameters: Parameters
  let minibatch: Minibatch
  let layers: [RecurrentLayer]
  /// [reader] what each gives, and which of its rows end a word.
  var readings: [(SentenceReadings, Activations)] = []
  /// Whether it is a reader.
  var isReader = false
  let trial: SharingTrial
  let rates: DropoutRates
  let penalties: ActivationPenalties
  let step: StepSettings
  let training: Bool
  let workers: Int

  /// All stages, and what the last of them gives.
  func stages() -> ([any Stage], Activations) {
    let vectors = InputVectors(
      of: minibatch, vocabulary: shape.vocabulary, widths: shape.wordWidths, training: training)
    var stages = characterStages(into: vectors)
    stages.append(
      EmbeddingInput(
        network.embedding, of: parameters, minibatch: minibatch, into: vectors,
        dropout: VocabularyDropout(rates, step: step), kinds: inputKinds, workers: workers))
    let dropout = dropout(rates.input, place: 0)
    if dropout == nil && !shape.isResidual(layer: 0) && shape.features == 0 && readings.isEmpty {
      let projection = SharedProjection(
        vectors, of: minibatch, inputWeights(layer: 0), into: layers[0].directions, kinds: inputKinds,
        workers: workers)
      stages += [projection, recurrence(0, projection)]
      var output = layers[0].output
      stages += connection(0, residual: nil, output: &output)
      return addLayers(from: 1, to: stages, reading: output)
    }
    let rows = RowInput(
      vectors, of: minibatch, readings: readings, widths: shape.inputWidths(layer: 0), dropout: dropout,
      training: training, workers: workers)
    stages.append(rows)
    return addLayers(from: 0, to: stages, reading: rows.output)
  }

  private var inputKinds: PhaseKinds { isReader ? .characters : .input }

  private func characterStages(into words: InputVectors) -> [any Stage] {
    guard let handles = network.characters, let sizes = shape.characters, let spellings = minibatch.spellings
    else { return [] }
    return [
      CharacterEncoder(
        handles, sizes, shape.cell, of: parameters, spellings: spellings, into: words, workers: workers,
        training: training)
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
        kinds: inputKinds, workers: workers)
      stages += [projection, recurrence(index, projection)]
      let residual = ResidualDropout.Residual(input: x, widths: shape.inputWidths(layer: index))
      x = layers[index].output
      stages += connection(index, residual: isResidual ? residual : nil, output: &x)
    }
    return (stages, x)
  }

  private func recurrence(_ index: Int, _ projection: some InputProjection) -> any Stage {
    Recurrence(
      layer: layers[index], projection: projection, timeline: minibatch.timeline, trial: trial,
      kinds: isReader ? .characters : .recurrence)
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
    network.layers[index].map { InputWeights($0, of: parameters) }
  }

  private func dropout(_ share: Double, place: Int) -> Dropout? {
    Dropout(share: share, place: place, rates: rates, timeline: minibatch.timeline, step: step)
  }
}

extension StageBuilder {
  /// The stages of a model's readers, and what each gives: rows of its characters.
  ///
  /// How their recurrences are shared out isn't tried: sentences are, where there are enough of them.
  static func readers(
    of parameters: Parameters, _ minibatch: Minibatch, rates: DropoutRates, step: StepSettings, training: Bool,
    workers: Int
  ) -> [(stages: [any Stage], output: Activations)] {
    parameters.shape.readers.indices.map { index in
      let (shape, network) = (parameters.shape.readers[index].network, parameters.layout.readers[index])
      let characters = minibatch.readings[index].characters
      let layers = network.layers.enumerated().map {
        RecurrentLayer(
          $0, $1, shape, of: parameters, timeline: characters.timeline, carriesState: false, rates: rates, step: step)
      }
      let builder = StageBuilder(
        shape: shape, network: network, parameters: parameters, minibatch: characters, layers: layers,
        isReader: true,
        trial: SharingTrial(
          Array(RecurrenceSharing.all(characters.timeline.capacity, of: shape, workers: workers).prefix(1))),
        rates: rates, penalties: ActivationPenalties(), step: step, training: training, workers: workers)
      let (stages, output) = builder.stages()
      return (stages, output)
    }
  }
}
