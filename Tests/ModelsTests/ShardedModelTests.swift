import Collectives
import Compute
import ModelTestSupport
import Models
import Testing

/// A minibatch in shards: its gradient is, to the bit, the tree's sum of what the model computes for each shard's sequences
/// alone, whatever the network.
@Suite struct ShardedModelTests {
  /// Networks and output layers of all kinds, with the lengths of their sequences.
  private static let networks: [NetworkCase] = [
    NetworkCase(.elman(.tanh), layers: 1, isBidirectional: false, .uniform, []),
    NetworkCase(.elman(.sigmoid), layers: 2, isBidirectional: false, .uniform, [.wholePanels, .weightDropout]),
    NetworkCase(.elman(.relu), layers: 2, isBidirectional: true, .ragged, [.residual]),
    NetworkCase(.gru, layers: 2, isBidirectional: false, .uniform, [.tied, .vocabularyDropout, .residual]),
    NetworkCase(.cifg, layers: 2, isBidirectional: false, .uniform, [.widths, .activationPenalty, .temporalPenalty]),
    NetworkCase(.lstm, layers: 2, isBidirectional: true, .ragged, [.characters, .weightDropout, .activationPenalty]),
    NetworkCase(.gru, layers: 1, isBidirectional: true, .ragged, [.characters, .residual, .temporalPenalty]),
    NetworkCase(.lstm, layers: 1, isBidirectional: true, .ragged, [.characters, .readers]),
  ]

  private static let dropouts: [NetworkCase] = [
    NetworkCase(.lstm, layers: 2, isBidirectional: false, .uniform, [.inputDropout, .layerDropout, .outputDropout]),
    NetworkCase(.gru, layers: 2, isBidirectional: false, .uniform, [.inputDropout, .outputDropout, .variational]),
    NetworkCase(.lstm, layers: 2, isBidirectional: true, .ragged, [.inputDropout, .layerDropout, .characters]),
    NetworkCase(.gru, layers: 1, isBidirectional: true, .ragged, [.inputDropout, .variational, .readers]),
    NetworkCase(
      .gru, layers: 2, isBidirectional: true, .ragged,
      [.inputDropout, .layerDropout, .outputDropout, .variational, .residual]),
  ]

  private static let outputs: [any OutputKind] = [
    .wordClasses(5), .adaptive(cutoffs: [4, 11], divValue: 2), .sampled(samples: 9),
  ]

  /// Minibatches that follow each other; of a tagger, which begins anew with each, one has few sentences.
  private static func minibatches(_ network: NetworkCase, _ shape: ModelShape) -> [Sentences] {
    var random = TestRandom(seed: 31)
    let lengths = network.carriesState ? network.lengths : Array(network.lengths.dropFirst(7))
    return [network.lengths, lengths, network.lengths].map { Sentences(lengths: $0, of: shape, using: &random) }
  }

  /// What further output layers are to predict of sequences.
  private static func further(_ sentences: Sentences, _ shape: ModelShape) -> [Sentences] {
    shape.furtherClasses.map { classes in
      let sequences = sentences.sequences.map { sequence in
        sequence.map { token in
          Sentences.Token(id: token.id, form: token.form, target: token.target.map { ($0 + token.id) % classes })
        }
      }
      return Sentences(sequences: sequences, spellings: sentences.spellings)
    }
  }

  /// What the losses of each output layer count for; nil where there is one.
  private static func lossWeights(_ shape: ModelShape) -> [Double]? {
    shape.furtherClasses.isEmpty ? nil : shape.classesOfOutputs.indices.map { 1 / Double($0 + 1) }
  }

  private static func parameters(_ shape: ModelShape, _ kernels: Kernels = Kernels.available[0]) -> Parameters {
    let parameters = Parameters(shape, kernels: kernels)
    parameters.initialize(seed: 4)
    return parameters
  }

  /// A network's minibatches in shards.
  private static func inShards(
    _ count: Int, _ network: NetworkCase, _ shape: ModelShape, workers: Int = 1,
    kernels: Kernels = Kernels.available[0]
  ) -> [GradientPart] {
    training(count, network, shape, workers: workers, kernels: kernels).parts
  }

  /// The same, with the states at the end.
  private static func training(
    _ count: Int, _ network: NetworkCase, _ shape: ModelShape, workers: Int = 1,
    kernels: Kernels = Kernels.available[0], ranks: any Communicator = Alone()
  ) -> (parts: [GradientPart], states: Snapshot) {
    let capacity = SequenceModel.Capacity(lengths: network.lengths, of: shape)
    let parameters = Self.parameters(shape, kernels)
    let slices = ArenaSlices(parameters.layout, ranks: ranks, block: 64)
    let model = ShardedModel(parameters, capacity, shards: count, slices: slices) { capacity, gradients, isShard in
      SequenceModel(
        parameters, capacity, gradients: gradients, workers: workers,
        carriesState: network.carriesState, dropout: network.dropout, penalties: network.penalties,
        lossWeights: lossWeights(shape), isShard: isShard)
    }
    let list = PhaseList(model.gradientPhases())
    let parts = minibatches(network, shape).enumerated().map { index, sentences in
      model.minibatch.load(sentences, further: further(sentences, shape))
      model.begin(step: index + 1)
      let workers = Workers(count: workers, processors: workers)
      model.runShards(by: workers)
      workers.run(list)
      model.carryState()
      model.shareResults()
      let rows = (0..<model.minibatch.rows).reduce(0) { $0 + model.loss(row: $1) }
      // Of several output layers a row has the first one's.
      #expect(!shape.furtherClasses.isEmpty || abs(rows - model.lossSum) <= 1e-12 * rows)
      return GradientPart(loss: model.lossSum, model.gradients)
    }
    model.shareStates()
    var states = Snapshot()
    for (name, matrix) in model.carriedStates { states.add(name, matrix.rowMajor().map(Double.init)) }
    return (parts, states)
  }

  /// The same by a model for each shard that knows of no shards.
  private static func apart(_ count: Int, _ network: NetworkCase, _ shape: ModelShape) -> [GradientPart] {
    let all = minibatches(network, shape)
    var parts: [[GradientPart?]] = all.map { _ in [] }
    for shard in 0..<count {
      let capacity = SequenceModel.Capacity(lengths: network.lengths, of: shape)
      var model: (SequenceModel, Gradients)?
      for (index, sentences) in all.enumerated() {
        let range = share(of: sentences.sequences.count, job: shard, jobs: count)
        if model == nil {
          // Of the sequences that all minibatches have of it: a carried state has no more.
          let capacity =
            network.carriesState
            ? SequenceModel.Capacity(lengths: Array(network.lengths[range]), of: shape) : capacity
          let gradients = Gradients(parameters(shape).layout, capacity)
          model = (
            SequenceModel(
              parameters(shape), capacity, gradients: gradients, workers: 1, carriesState: network.carriesState,
              dropout: network.dropout, penalties: network.penalties, lossWeights: lossWeights(shape)), gradients
          )
        }
        guard let (model, gradients) = model, !range.isEmpty else {
          parts[index].append(nil)
          continue
        }
        let own = sentences.some(range)
        model.load(own, further: further(own, shape))
        model.begin(step: index + 1, targets: sentences.targetCount)
        Workers(count: 1).run(PhaseList(model.gradientPhases()))
        parts[index].append(GradientPart(loss: model.lossSum, gradients))
        model.carryState()
      }
    }
    return parts.compactMap(GradientPart.sum)
  }

  private static func compare(_ network: NetworkCase, _ shape: ModelShape) {
    for count in Set([1, 3, 5, 8, network.lengths.count]).sorted() where count <= network.lengths.count {
      let expected = apart(count, network, shape).map(\.snapshot)
      for (workers, kernels) in [(1, Kernels.available.last), (2, Kernels.available.first), (3, nil)] {
        let found = inShards(count, network, shape, workers: workers, kernels: kernels ?? Kernels.available[0])
        #expect(found.count == expected.count)
        for (step, (found, expected)) in zip(found, expected).enumerated() {
          #expect(
            found.snapshot.differences(from: expected) == [],
            "\(network), \(shape.output.name), \(count) shards, step \(step + 1), \(workers) workers")
        }
      }
    }
  }

  @Test(arguments: networks)
  func gradientsAreTheTreesSumOfWhatEachShardHasAlone(_ network: NetworkCase) {
    Self.compare(network, network.shape)
  }

  @Test(arguments: outputs)
  func ofEachOutputLayer(_ output: any OutputKind) {
    for switches in output.canTieEmbeddings ? [[], [.tied]] : [[]] as [Set<NetworkCase.Switch>] {
      let network = NetworkCase(.elman(.tanh), layers: 1, isBidirectional: false, .uniform, switches)
      // The embedding of a tied network is in the shape; where it goes is the output layer's to say.
      var shape = network.shape
      shape.output = output
      Self.compare(network, shape)
    }
  }

  @Test func ofTagsOfASentenceTogether() {
    let network = NetworkCase(.lstm, layers: 1, isBidirectional: true, .ragged, [])
    var shape = network.shape
    shape.output = ConditionalRandomField()
    Self.compare(network, shape)
  }

  @Test func ofSeveralOutputLayers() {
    let network = NetworkCase(.lstm, layers: 1, isBidirectional: true, .ragged, [.characters])
    var shape = network.shape
    shape.furtherClasses = [5, 11]
    Self.compare(network, shape)
  }

  /// Masks are those that rows and sequences have in the whole minibatch: but for rounding the gradient is what one shard has.
  @Test(arguments: dropouts)
  func masksAreThoseOfTheWholeMinibatch(_ network: NetworkCase) {
    let whole = Self.inShards(1, network, network.shape)
    for count in [3, 5] {
      let expected = Self.inShards(count, network, network.shape)
      for (shards, whole) in zip(expected, whole) {
        #expect(abs(shards.loss - whole.loss) < 1e-6 * whole.loss)
        let scale = whole.dense.map(abs).max() ?? 0
        let error = zip(shards.dense, whole.dense).map { abs($0 - $1) }.max() ?? 0
        #expect(scale > 0 && error < 2e-6 * scale, "\(network), \(count) shards: \(error) of \(scale)")
      }
      for workers in [2, 3] {
        let found = Self.inShards(count, network, network.shape, workers: workers)
        for (found, expected) in zip(found, expected) {
          #expect(found.snapshot.differences(from: expected.snapshot) == [], "\(workers) workers")
        }
      }
    }
  }

  // MARK: ranks

  private static func compareRanks(_ network: NetworkCase, shards: Int, ranks: [Int], workers: [Int]) {
    let expected = training(shards, network, network.shape)
    for ranks in ranks where ranks <= shards {
      for workers in workers {
        let all = onRanks(ranks) { training(shards, network, network.shape, workers: workers, ranks: $0) }
        #expect(all.count == ranks)
        for (rank, found) in all.enumerated() {
          let place: Comment = "\(network), \(shards) shards, rank \(rank) of \(ranks), \(workers) workers"
          for (found, expected) in zip(found.parts, expected.parts) {
            #expect(found.snapshot.differences(from: expected.snapshot) == [], place)
          }
          #expect(found.states.differences(from: expected.states) == [], place)
        }
      }
    }
  }

  /// One minibatch has fewer sequences than there are shards.
  @Test(arguments: [1, 3, 5, 8, 10])
  func anyRanksAndThreadsComeToTheSame(shards: Int) {
    let network = NetworkCase(.gru, layers: 1, isBidirectional: true, .ragged, [.characters, .inputDropout])
    Self.compareRanks(network, shards: shards, ranks: Set([1, 2, 3, 5, shards]).sorted(), workers: [1, 2, 3])
  }

  @Test(arguments: networks + dropouts)
  func ranksOfEachNetworkComeToTheSame(_ network: NetworkCase) {
    let sequences = network.lengths.count
    Self.compareRanks(network, shards: min(5, sequences), ranks: [2, 5], workers: [1])
    Self.compareRanks(network, shards: sequences, ranks: [3], workers: [2])
  }
}
