import Compute
import ModelTestSupport
import Models
import Testing

/// A minibatch in shards: its gradient is, to the bit, the tree's sum of what the model computes for each shard's sequences
/// alone, whatever the network.
@Suite struct ShardedModelTests {
  private typealias Rows = [(id: Int32, values: [Float])]

  /// The loss and the gradient of some shards; rows of gradients by rows in their order.
  private struct Part {
    var loss: Double
    var dense: [Float]
    var byRows: [Rows]

    init(loss: Double, _ gradients: Gradients) {
      self.loss = loss
      dense = Array(gradients.values.floats)
      byRows = gradients.byRows.map { gradient in
        (0..<gradient.rows.count).map { place in
          let width = gradient.parameter.rowPieces.width
          return (
            gradient.rows.ids[place],
            (0..<gradient.pieceCount).flatMap { gradient.piece($0)[place * width..<(place + 1) * width] }
          )
        }
      }
    }

    static func + (left: Part, right: Part) -> Part {
      var sum = left
      sum.loss += right.loss
      sum.dense = zip(left.dense, right.dense).map { $0 + $1 }
      for (set, rows) in right.byRows.enumerated() {
        for row in rows {
          if let place = left.byRows[set].firstIndex(where: { $0.id == row.id }) {
            sum.byRows[set][place].values = zip(left.byRows[set][place].values, row.values).map { $0 + $1 }
          } else {
            sum.byRows[set].append(row)
          }
        }
      }
      return sum
    }

    var snapshot: Snapshot {
      var snapshot = Snapshot()
      snapshot.add("loss", [loss])
      snapshot.add("dense", dense.map(Double.init))
      for (index, rows) in byRows.enumerated() {
        snapshot.add("ids \(index)", rows.map { Double($0.id) })
        snapshot.add("rows \(index)", rows.flatMap(\.values).map(Double.init))
      }
      return snapshot
    }
  }

  /// Networks and output layers of all kinds, with the lengths of their sequences.
  private static let networks: [NetworkCase] = [
    NetworkCase(.elman(.tanh), layers: 1, isBidirectional: false, .uniform, []),
    NetworkCase(.elman(.sigmoid), layers: 2, isBidirectional: false, .uniform, [.wholePanels, .weightDropout]),
    NetworkCase(.elman(.relu), layers: 2, isBidirectional: true, .ragged, [.residual]),
    NetworkCase(.gru, layers: 2, isBidirectional: false, .uniform, [.tied, .vocabularyDropout, .residual]),
    NetworkCase(.cifg, layers: 2, isBidirectional: false, .uniform, [.widths, .activationPenalty, .temporalPenalty]),
    NetworkCase(.lstm, layers: 2, isBidirectional: true, .ragged, [.characters, .weightDropout, .activationPenalty]),
    NetworkCase(.gru, layers: 1, isBidirectional: true, .ragged, [.characters, .residual, .temporalPenalty]),
  ]

  private static let dropouts: [NetworkCase] = [
    NetworkCase(.lstm, layers: 2, isBidirectional: false, .uniform, [.inputDropout, .layerDropout, .outputDropout]),
    NetworkCase(.gru, layers: 2, isBidirectional: false, .uniform, [.inputDropout, .outputDropout, .variational]),
    NetworkCase(.lstm, layers: 2, isBidirectional: true, .ragged, [.inputDropout, .layerDropout, .characters]),
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

  private static func parameters(_ shape: ModelShape, _ kernels: Kernels = Kernels.available[0]) -> Parameters {
    let parameters = Parameters(shape, kernels: kernels)
    parameters.initialize(seed: 4)
    return parameters
  }

  /// A network's minibatches in shards.
  private static func inShards(
    _ count: Int, _ network: NetworkCase, _ shape: ModelShape, workers: Int = 1,
    kernels: Kernels = Kernels.available[0]
  ) -> [Part] {
    let capacity = SequenceModel.Capacity(lengths: network.lengths, of: shape)
    let model = ShardedModel(parameters(shape, kernels), capacity, shards: count) { capacity, gradients, isShard in
      SequenceModel(
        parameters(shape, kernels), capacity, gradients: gradients, workers: workers,
        carriesState: network.carriesState, dropout: network.dropout, penalties: network.penalties, isShard: isShard)
    }
    let list = PhaseList(model.gradientPhases())
    return minibatches(network, shape).enumerated().map { index, sentences in
      model.minibatch.load(sentences)
      model.begin(step: index + 1)
      let workers = Workers(count: workers, processors: workers)
      model.runShards(by: workers)
      workers.run(list)
      model.carryState()
      let rows = (0..<model.minibatch.rows).reduce(0) { $0 + model.loss(row: $1) }
      #expect(abs(rows - model.lossSum) <= 1e-12 * rows)
      return Part(loss: model.lossSum, model.gradients)
    }
  }

  /// The same by a model for each shard that knows of no shards.
  private static func apart(_ count: Int, _ network: NetworkCase, _ shape: ModelShape) -> [Part] {
    let all = minibatches(network, shape)
    var parts: [[Part?]] = all.map { _ in [] }
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
              dropout: network.dropout, penalties: network.penalties), gradients
          )
        }
        guard let (model, gradients) = model, !range.isEmpty else {
          parts[index].append(nil)
          continue
        }
        model.load(Sentences(sequences: Array(sentences.sequences[range]), spellings: sentences.spellings))
        model.begin(step: index + 1, targets: sentences.targetCount)
        Workers(count: 1).run(PhaseList(model.gradientPhases()))
        parts[index].append(Part(loss: model.lossSum, gradients))
        model.carryState()
      }
    }
    return parts.compactMap(counted)
  }

  /// The sum by a binary counter.
  private static func counted(_ parts: [Part?]) -> Part? {
    func sum(_ left: Part?, _ right: Part?) -> Part? {
      guard let left, let right else { return left ?? right }
      return left + right
    }
    var counter: [Part?] = []
    for (index, part) in parts.enumerated() {
      counter.append(part)
      var added = index + 1
      while added.isMultiple(of: 2) {
        let right = counter.removeLast()
        counter.append(sum(counter.removeLast(), right))
        added /= 2
      }
    }
    return counter.dropLast().reversed().reduce(counter.last ?? nil) { sum($1, $0) }
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
}
