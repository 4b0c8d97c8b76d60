import Compute

/// A recurrent network that gives a distribution over its classes at every timestep: embedding, layers, output. A language
/// model's classes are its vocabulary, a tagger's are tags.
///
/// It is a list of stages over one minibatch, and an output layer. What they do is phases: each phase one kind of work, cut
/// into jobs that any worker may take. How it is cut depends on `workers`, what is computed doesn't.
package final class SequenceModel: Sendable {
  package let parameters: Parameters
  package let minibatch: Minibatch
  /// From ids to the last hidden states: characters, input, layer after layer.
  private let stages: [any Stage]
  /// Those of all readers, which come before.
  private let readerStages: [any Stage]
  /// Each a distribution of its own over the same hidden states; more than one only for taggers of several columns.
  private let outputs: [any OutputLayer]
  /// [output layer] what its losses count for.
  private let lossWeights: [Double]
  private let layers: [RecurrentLayer]
  /// What the output layer reads.
  private let lastOutput: Activations
  /// Where a step puts its gradients; nil for a model that is only evaluated.
  package let gradients: Gradients?
  private let step: StepSettings
  private let workers: Int
  /// Finds the fastest way to share recurrences out.
  package let sharingTrial: SharingTrial
  /// Whether sequences go on from minibatch to minibatch.
  package let carriesState: Bool

  /// - Parameters:
  ///   - gradients: where to put gradients; nil for a model that is only evaluated.
  ///   - workers: how many threads the work is meant for.
  ///   - carriesState: whether a sequence goes on where that of the minibatch before ended.
  ///   - predicts: whether `prediction(row:)` is going to be asked.
  ///   - keepsStateGradients: whether `stateGradients` is going to be asked.
  ///   - dropout: what is dropped in training; of no effect without gradients.
  ///   - penalties: what gradients have beside those of the losses.
  ///   - lossWeights: what each output layer's losses count for; nil: 1.
  ///   - logitsBound: bytes of logits past which the output layer takes the minibatch in blocks of rows.
  ///   - isShard: whether its minibatches are shards: see `ShardedModel`.
  package init(
    _ parameters: Parameters, _ capacity: Capacity, gradients: Gradients?, workers: Int, carriesState: Bool,
    predicts: Bool = false, keepsStateGradients: Bool = false, dropout rates: DropoutRates = DropoutRates(),
    penalties: ActivationPenalties = ActivationPenalties(), lossWeights weights: [Double]? = nil,
    logitsBound: Int = SequenceModel.logitsBound, isShard: Bool = false
  ) {
    let shape = parameters.shape
    let lossWeights = weights ?? shape.classesOfOutputs.map { _ in 1 }
    precondition(lossWeights.count == shape.classesOfOutputs.count, "each output layer has a weight")
    self.lossWeights = lossWeights
    let rates = gradients == nil ? rates.off : rates
    self.parameters = parameters
    self.gradients = gradients
    self.carriesState = carriesState
    self.workers = workers
    let minibatch = Minibatch(
      capacity, vocabulary: shape.vocabulary, characters: shape.characters?.vocabulary,
      readers: shape.readers.map(\.network.vocabulary), features: shape.features, outputs: lossWeights.count,
      isShard: isShard)
    self.minibatch = minibatch
    let step = StepSettings()
    self.step = step
    sharingTrial = SharingTrial(RecurrenceSharing.all(capacity.timeline, of: shape, workers: workers))
    layers = parameters.layout.layers.enumerated().map {
      RecurrentLayer(
        $0, $1, shape, of: parameters, timeline: minibatch.timeline, carriesState: carriesState,
        keepsStateGradients: keepsStateGradients, rates: rates, step: step)
    }
    let readers = StageBuilder.readers(
      of: parameters, minibatch, rates: rates.off, step: step, training: gradients != nil, workers: workers)
    let builder = StageBuilder(
      shape: shape, network: parameters.layout.network, parameters: parameters, minibatch: minibatch, layers: layers,
      readings: Array(zip(minibatch.readings, readers.map(\.output))), trial: sharingTrial, rates: rates,
      penalties: penalties, step: step, training: gradients != nil, workers: workers)
    let (stages, lastOutput) = builder.stages()
    (self.stages, self.lastOutput) = (stages, lastOutput)
    readerStages = readers.flatMap(\.stages)
    outputs = parameters.layout.outputs.enumerated().map { index, output in
      output.makeLayer(
        OutputContext(
          parameters: parameters, minibatch: minibatch, input: lastOutput.values,
          inputGradient: gradients == nil ? nil : lastOutput.gradient, addsToInputGradient: index > 0,
          targets: minibatch.targetsOfOutputs[index], weight: Float(lossWeights[index]), gradients: gradients,
          logitsBound: logitsBound, predicts: predicts, step: step, seed: rates.seed, workers: workers))
    }
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

  /// Says what the coming step is.
  ///
  /// - Parameters:
  ///   - number: counts updates from 1: decides dropout's masks, and which classes a sampled output layer draws.
  ///   - targets: what losses and gradients are divided by; nil: the minibatch's own targets. Where the minibatch is a shard
  ///     of a larger one, that one's.
  package func begin(step number: Int, targets: Int? = nil) {
    step.number = number
    step.targets = targets
  }

  // MARK: phases of a step, in the order in which they run

  /// Hidden states of all layers.
  package func forwardPhases() -> [Phase] { allStages.flatMap { $0.forwardPhases() } }

  private var allStages: [any Stage] { readerStages + stages }

  /// Losses, without anything for a backward pass.
  package func lossPhases() -> [Phase] { outputs.flatMap { $0.lossPhases() } }

  /// Losses, their gradients by the hidden states, and the output layers' own gradients.
  package func outputPhases() -> [Phase] {
    gradients == nil ? lossPhases() : outputs.flatMap { $0.trainingPhases() }
  }

  /// Back through time and layers, down to the gradients of the embeddings.
  package func backwardPhases() -> [Phase] {
    guard let gradients else { return [] }
    return allStages.reversed().flatMap { $0.backwardPhases(into: gradients) }
  }

  /// The stages' gradients, each tile summed over all rows (t, b) in order.
  package func reducePhases() -> [Phase] {
    guard let gradients else { return [] }
    return [Phase(allStages.flatMap { $0.reduction(into: gradients) }, workers: workers)]
  }

  /// From a minibatch to its gradient.
  package func gradientPhases() -> [Phase] { forwardPhases() + outputPhases() + backwardPhases() + reducePhases() }

  // MARK: results

  /// The sum of the minibatch's losses in nats, in row order; of several output layers what theirs come to by their weights.
  package var lossSum: Double {
    outputs.indices.reduce(0) { $0 + lossWeights[$1] * lossSum(ofOutput: $1) }
  }

  /// That of one output layer, without its weight.
  package func lossSum(ofOutput index: Int) -> Double {
    (0..<minibatch.rows).reduce(0) { $0 + outputs[index].loss(row: $1) }
  }

  /// The loss of a target where each class is as likely as any other.
  package var guessingLoss: Double {
    zip(lossWeights, parameters.shape.classesOfOutputs).reduce(0) { $0 + $1.0 * naturalLogarithm(Double($1.1)) }
  }

  /// The loss of each row in nats, row r = t * B + b; of several output layers the first one's.
  package func loss(row: Int) -> Double { outputs[0].loss(row: row) }

  /// The likeliest class of a row, of several the first; after the loss phases.
  package func prediction(row: Int, output: Int = 0) -> Int32 { outputs[output].prediction(row: row) }

  /// The logits of one row for all classes of an output layer, after the forward phases: logarithms of what softmax makes
  /// the probabilities.
  package func logits(row: Int, output: Int = 0, into result: UnsafeMutableBufferPointer<Float>) {
    outputs[output].logits(row: row, into: result)
  }

  /// What the output layer reads, [rows, outputs] of the minibatch, after the forward phases: the hidden states of the last
  /// layer, with a residual connection its sum.
  package var outputInput: PanelMatrix { lastOutput.values.rows(0..<minibatch.rows) }

  /// What the output layer reads has this gradient between the output phases and the backward ones, [rows, outputs] of the
  /// minibatch; of a model with gradients.
  package var outputGradient: PanelMatrix { lastOutput.gradient.rows(0..<minibatch.rows) }

  /// Total gradients by all layers' states, after the backward phases; none unless they are kept.
  package var stateGradients: [StateGradient] {
    layers.enumerated().flatMap { index, layer in layer.directions.flatMap { $0.stateGradients(layer: index) } }
  }

  /// What each timestep adds to the gradients of all layers' weights, V and then W of each direction, after the backward
  /// phases.
  package var weightContributions: [WeightContribution] {
    let projections = stages.compactMap { $0 as? any InputProjection }
    return zip(projections, layers).flatMap { projection, layer in
      zip(projection.contributions(), layer.directions).flatMap { [$0, $1.recurrentContribution] }
    }
  }

  // MARK: state

  /// Hands the last timestep's state to the next window, if states are carried.
  ///
  /// - Parameter predecessors: [sequences of the next window] the sequence that each goes on from, one of those that have
  ///   the last timestep; nil: the one at its place.
  package func carryState(to predecessors: [Int32]? = nil) {
    guard carriesState else { return }
    for layer in layers { layer.directions.forEach { $0.carryState(to: predecessors) } }
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
