import Compute

/// A recurrent network that gives a distribution over its classes at every timestep: embedding, layers, output. A language
/// model's classes are its vocabulary, a tagger's are tags.
///
/// It is a list of phases over one minibatch: each phase one kind of work, cut into jobs that any worker may take. How it
/// is cut depends on `jobs`, what is computed doesn't.
package final class SequenceModel: Sendable {
  package let parameters: Parameters
  package let minibatch: Minibatch
  private let layers: [RecurrentLayer]
  private let input: EmbeddingInput
  /// Only where the first layer's input differs from row to row for the same token.
  private let rowInput: RowInput?
  private let characters: CharacterEncoder?
  private let output: any OutputLayer
  private let gradients: Gradients?
  private let dropouts: [Dropout]
  /// How the ways through time are shared out.
  private let recurrence: Recurrence
  /// The measure for how finely other work is cut.
  private let workers: Int
  /// Whether sequences go on from minibatch to minibatch.
  package let carriesState: Bool

  /// Most of everything that a minibatch can hold.
  package struct Capacity: Sendable, Equatable {
    /// Of the words or characters that the model reads.
    package var timeline: Timeline.Capacity
    /// Word forms that a minibatch may name; nil where ids are all there is.
    package var forms: Int?
    /// Forms of one minibatch and their characters; nil without a character encoder.
    package var characters: Timeline.Capacity?

    package init(_ timeline: Timeline.Capacity, forms: Int? = nil, characters: Timeline.Capacity? = nil) {
      self.timeline = timeline
      self.forms = forms
      self.characters = characters
    }
  }

  /// - Parameters:
  ///   - gradients: where to put gradients; nil for a model that is only evaluated.
  ///   - workers: how many threads the work is meant for.
  ///   - carriesState: whether a sequence goes on where that of the minibatch before ended.
  ///   - predicts: whether `prediction(row:)` is going to be asked.
  ///   - keepsStateGradients: whether `stateGradients` is going to be asked.
  ///   - dropout: what is dropped in training; of no effect without gradients.
  ///   - logitsBound: bytes of logits past which the output layer takes the minibatch in blocks of rows.
  package init(
    _ parameters: Parameters, _ capacity: Capacity, gradients: Gradients?, workers: Int, carriesState: Bool,
    predicts: Bool = false, keepsStateGradients: Bool = false, dropout rates: DropoutRates = DropoutRates(),
    logitsBound: Int = SequenceModel.logitsBound
  ) {
    let shape = parameters.shape
    let training = gradients != nil
    self.parameters = parameters
    self.gradients = gradients
    self.workers = workers
    self.carriesState = carriesState
    let minibatch = Minibatch(capacity.timeline, vocabulary: shape.vocabulary, forms: capacity.forms)
    self.minibatch = minibatch
    let timeline = minibatch.timeline
    recurrence = Recurrence(
      timeline, workers: workers, directions: shape.directions,
      panels: (shape.hidden + PanelShape.width - 1) / PanelShape.width)
    func dropout(_ share: Double, place: Int) -> Dropout? {
      training ? Dropout(share: share, place: place, rates: rates, timeline: timeline) : nil
    }
    let layerDropouts = (0..<shape.layers).map { dropout(rates.layers, place: $0 + 1) }
    let inputDropout = dropout(rates.input, place: 0)
    dropouts = ([inputDropout] + layerDropouts).compactMap(\.self)
    let layers = (0..<shape.layers).map {
      RecurrentLayer(
        $0, of: parameters, timeline: timeline, carriesState: carriesState, keepsStateGradients: keepsStateGradients,
        dropout: layerDropouts[$0])
    }
    self.layers = layers
    let widths = shape.inputWidths(layer: 0)
    rowInput =
      inputDropout != nil || layers[0].isResidual
      ? RowInput(minibatch: minibatch, columns: widths.columns, dropout: inputDropout, training: training) : nil
    input = EmbeddingInput(
      "embedding.weight", widths: widths, of: parameters, minibatch: minibatch,
      gateColumns: rowInput == nil ? layers[0].directions.map(\.inputGates.columns) : [], training: training)
    characters = shape.characters.map {
      guard let capacity = capacity.characters else { preconditionFailure("a character encoder needs its capacity") }
      return CharacterEncoder(
        $0, of: parameters, words: minibatch, capacity: capacity, workers: workers, training: training)
    }
    let last = layers[layers.count - 1]
    output = shape.makeOutput(
      OutputContext(
        parameters: parameters, minibatch: minibatch, input: last.output,
        inputGradient: training ? last.outputGradient : nil, gradients: gradients, logitsBound: logitsBound,
        predicts: predicts, seed: rates.seed, workers: workers))
  }

  /// A language model: streams of one length each, whose states are carried.
  package convenience init(
    _ parameters: Parameters, streams: Int, timesteps: Int, gradients: Gradients?, workers: Int,
    dropout: DropoutRates = DropoutRates(), logitsBound: Int = SequenceModel.logitsBound
  ) {
    self.init(
      parameters, Capacity(Timeline.Capacity(sequences: streams, timesteps: timesteps)), gradients: gradients,
      workers: workers, carriesState: true, dropout: dropout, logitsBound: logitsBound)
  }

  /// The usual bound of the logits in bytes: 64 MiB.
  package static let logitsBound = 64 << 20

  // MARK: before the phases

  /// Says which step's masks dropout uses, and which step's classes a sampled output layer draws.
  ///
  /// - Parameter step: counts updates from 1.
  package func begin(step: Int) {
    for dropout in dropouts { dropout.step = step }
    output.begin(step: step)
  }

  /// Takes over how the forms of the minibatch, which is prepared, are spelled.
  ///
  /// - Parameter spelling: a form's characters as ids, at least one.
  package func prepareCharacters(spelling: (_ form: Int) -> ArraySlice<Int32>) {
    characters?.prepare(spelling: spelling)
  }

  /// Which way of sharing recurrences out is in use.
  package var sharingTrial: SharingTrial { recurrence.trial }

  // MARK: phases of a step, in the order in which they run

  /// Hidden states of all layers.
  package func forwardPhases() -> [Phase] {
    let (minibatch, input, rowInput, characters, layers) = (minibatch, input, rowInput, characters, layers)
    let first = layers[0].directions
    var phases = characters?.forwardPhases() ?? []
    phases.append(
      rowPhase("input", rows: { minibatch.distinctCount }) { rows in
        input.embed(share: rows)
        characters?.gather(share: rows, into: input)
        if rowInput == nil { input.project(share: rows, into: first) }
      })
    if let rowInput {
      phases.append(
        rowPhase("input", rows: { minibatch.rows }) { rows in
          rowInput.fill(rows: rows, from: input.vectors)
          for direction in first {
            direction.project(rowInput.rows.rows(rows), into: direction.inputGates.rows(rows))
          }
        })
    }
    for (index, layer) in layers.enumerated() {
      let below = index == 0 ? rowInput?.rows : layers[index - 1].output
      let isShared = index == 0 && rowInput == nil
      phases += recurrence.forwardPhases(of: layer) { index in
        guard isShared else { return nil }
        let isReverse = layer.directions[index].isReverse
        return { input.gather(index, isReverse: isReverse, rows: $0, panels: $1, into: $2) }
      }
      let above = index + 1 < layers.count ? layers[index + 1].directions : []
      guard layer.changesOutput || !above.isEmpty else { continue }
      phases.append(
        rowPhase("input", rows: { minibatch.rows }) { rows in
          layer.handOn(rows: rows, input: below)
          for direction in above { direction.project(layer.output.rows(rows), into: direction.inputGates.rows(rows)) }
        })
    }
    return phases
  }

  /// Losses, without anything for a way back.
  package func lossPhases() -> [Phase] { output.lossPhases() }

  /// Losses, their gradients by the hidden states, and the output layer's own gradient.
  package func outputPhases() -> [Phase] {
    gradients == nil ? output.lossPhases() : output.trainingPhases()
  }

  /// Back through time and layers, down to the gradients of the embeddings.
  package func backwardPhases() -> [Phase] {
    guard let gradients else { return [] }
    let (minibatch, input, rowInput, layers) = (minibatch, input, rowInput, layers)
    var phases: [Phase] = []
    for (index, layer) in layers.enumerated().reversed() {
      if layer.changesOutput {
        phases.append(rowPhase("input gradient", rows: { minibatch.rows }) { layer.takeBack(rows: $0) })
      }
      phases += recurrence.backwardPhases(of: layer)
      if let below = index == 0 ? rowInput?.gradient : layers[index - 1].outputGradient {
        phases.append(
          rowPhase("input gradient", rows: { minibatch.rows }) { rows in
            layer.projectBack(rows: rows, into: below)
            if index == 0 { rowInput?.takeBack(rows: rows) }
          })
      }
    }
    let first = layers[0].directions
    if let rowInput {
      phases.append(
        Phase("input gradient", jobs: { rowInput.gradient.panels }) { panel in
          input.sumVectorGradients(of: rowInput.gradient, panel: panel)
        })
    } else {
      phases.append(
        Phase("input gradient", jobs: { EmbeddingInput.panels(of: first) }) { panel in
          input.sumGradients(of: first, panel: panel)
        })
      phases.append(
        rowPhase("input gradient", rows: { minibatch.distinctCount }) { rows in
          input.projectBack(share: rows, through: first)
        })
    }
    phases += input.embeddingPhases(into: gradients)
    return phases + (characters?.backwardPhases(from: input, into: gradients) ?? [])
  }

  /// The recurrent layers' gradients, each tile summed over all rows (t, b) in order.
  package func reducePhases() -> [Phase] {
    guard let gradients else { return [] }
    let (minibatch, input, rowInput, layers) = (minibatch, input, rowInput, layers)
    var jobs = characters?.reduction(into: gradients) ?? []
    for (index, layer) in layers.enumerated() {
      let below = index == 0 ? rowInput?.rows : layers[index - 1].output
      for (part, direction) in layer.directions.enumerated() {
        jobs += direction.reduction(into: gradients) {
          guard let below else { return input.distinct(direction: part) }
          let all = 0..<minibatch.rows
          return (below.rows(all), direction.inputGateGradients.rows(all))
        }
      }
    }
    return [Phase("reduce", jobs: { [jobs] in jobs.count }) { [jobs] in jobs[$0]() }]
  }

  /// A phase over rows, in shares of whole register tiles.
  private func rowPhase(
    _ name: String, rows: @escaping @Sendable () -> Int, _ run: @escaping @Sendable (Range<Int>) -> Void
  ) -> Phase {
    let workers = workers
    let shares = { @Sendable in GuidedShares(of: rows(), workers: workers, unit: 12) }
    return Phase(name, jobs: { shares().count }) { run(shares()[$0]) }
  }

  // MARK: results

  /// The sum of the minibatch's losses in nats, in row order.
  package var lossSum: Double { (0..<minibatch.rows).reduce(0) { $0 + output.loss(row: $1) } }

  /// The loss of each row in nats, row r = t * B + b.
  package func loss(row: Int) -> Double { output.loss(row: row) }

  /// The likeliest class of a row, of several the first; after the loss phases.
  package func prediction(row: Int) -> Int32 { output.prediction(row: row) }

  /// The logits of one row for all classes, after the forward phases: logarithms of what softmax makes the probabilities.
  package func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) {
    output.logits(row: row, into: result)
  }

  /// What the last layer hands to the output layer has this gradient between the output phases and the backward ones,
  /// [rows, outputs] of the minibatch; of a model with gradients.
  package var outputGradient: PanelMatrix { layers[layers.count - 1].outputGradient.rows(0..<minibatch.rows) }

  /// Total gradients by all layers' states, after the backward phases; none unless they are kept.
  package var stateGradients: [StateGradient] {
    layers.enumerated().flatMap { index, layer in layer.directions.flatMap { $0.stateGradients(layer: index) } }
  }

  // MARK: state

  /// Hands the last timestep's state to the next window, if states are carried.
  package func carryState() {
    guard carriesState else { return }
    for layer in layers { layer.directions.forEach { $0.carryState() } }
  }

  /// Begins with the zero state.
  package func resetState() { carriedStates.forEach { $0.matrix.zeroRows() } }

  /// The state that the next window begins with, [B, units] each: `h_l0` is the hidden state of the first layer.
  package var carriedStates: [(name: String, matrix: PanelMatrix)] {
    guard carriesState else { return [] }
    return layers.enumerated().flatMap { index, layer in
      layer.directions[0].carriedState.map { ("\($0.name)_l\(index)", $0.matrix) }
    }
  }
}
