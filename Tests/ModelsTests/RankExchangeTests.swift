import Collectives
import Compute
import ModelTestSupport
import Models
import Testing

/// Which ranks have which shards, and what they make of them together.
@Suite struct RankExchangeTests {
  @Test func ranksHaveNeighbouringShardsInFewNodes() {
    for shards in 1...40 {
      for ranks in 1...shards {
        let distribution = ShardDistribution(shards: shards, ranks: ranks)
        let parts = (0..<ranks).map(distribution.shards(ofRank:))
        #expect(parts.flatMap { Array($0) } == Array(0..<shards) && !parts.contains(where: \.isEmpty))
        let even = (shards + ranks - 1) / ranks
        #expect(parts.allSatisfy { Double($0.count) <= max(1.1 * Double(even), Double(even)) })
        for rank in 0..<ranks {
          let nodes = distribution.nodes[distribution.nodes(ofRank: rank)]
          #expect(Array(nodes) == ShardTree(count: shards).nodes(of: parts[rank]))
        }
        if ranks.nonzeroBitCount == 1, shards.isMultiple(of: ranks), (shards / ranks).nonzeroBitCount == 1 {
          #expect(distribution.mostNodes == 1)
        }
      }
    }
  }

  private static func text(_ node: ShardTree.Node) -> String {
    ShardTree.children(of: node).map { "(\(text($0.left))+\(text($0.right)))" } ?? "\(node.lowerBound)"
  }

  @Test func nodesAreAddedUpAsInTheTree() {
    for shards in 1...17 {
      for ranks in 1...shards {
        let distribution = ShardDistribution(shards: shards, ranks: ranks)
        var sums = distribution.nodes.map(Self.text)
        for addition in distribution.additions {
          sums[addition.left] = "(\(sums[addition.left])+\(sums[addition.right]))"
        }
        #expect(sums[0] == Self.text(0..<shards))
      }
    }
  }

  /// Blocks are the same for any ranks, and each is in one slice; where there are few, some ranks have nothing.
  @Test(arguments: [64, 16_384])
  func slicesAreOfWholeBlocks(block: Int) {
    let frozen: Set = [Self.layout.layers[0][0].recurrentWeight]
    for frozen in [[], frozen] {
      let blocks = ArenaSlices(Self.layout, frozen: frozen, block: block).blocks
      let trained = Self.layout.parameters.filter { $0.gradientRows == .all && !frozen.contains($0.handle) }
      #expect(Set(blocks.flatMap { Array($0) }) == Set(trained.flatMap { Array($0.floats) }))
      for ranks in [1, 2, 3, 7] {
        let slices = onRanks(ranks) { ArenaSlices(Self.layout, frozen: frozen, ranks: $0, block: block) }
        #expect(slices.flatMap { Array($0.own) } == Array(blocks.indices))
        for (rank, slice) in slices.enumerated() {
          #expect(slice.blocks == blocks && slice.floats == slices[0].floats)
          #expect(slice.blocks[slice.own].allSatisfy { $0.clamped(to: slice.floats[rank]) == $0 })
          #expect(slice.own.count <= (blocks.count + ranks - 1) / ranks)
        }
        #expect(slices[0].floats.flatMap { Array($0) } == Array(0..<Self.layout.denseCount))
      }
    }
  }

  // MARK: sums

  private static let shape: ModelShape = {
    var shape = ModelShape(vocabulary: 29, embedding: 19, cell: LSTM(), hidden: 5, layers: 1, classes: 29)
    shape.output = SampledSoftmax(samples: 6)
    return shape
  }()
  private static let layout = ParameterLayout(shape)

  private static func gradients() -> Gradients {
    Gradients(layout, SequenceModel.Capacity(Timeline.Capacity(sequences: 8, timesteps: 13)))
  }

  /// Gradients of any size, many of them zeros of either sign; some are -0 in every part.
  private static func part(using random: inout TestRandom) -> GradientPart {
    let gradients = gradients()
    func number() -> Float {
      switch Int.random(in: 0..<5, using: &random) {
      case 0: 0
      case 1, 2: -0.0
      default: Float.random(in: -1...1, using: &random) * (random.next() % 2 == 0 ? 1 : 1e6)
      }
    }
    for index in 0..<gradients.values.count { gradients.values.base[index] = index.isMultiple(of: 7) ? -0.0 : number() }
    var filled: [RowSet] = []
    for gradient in gradients.byRows {
      if !filled.contains(where: { $0 === gradient.rows }) {
        for _ in 0..<Int.random(in: 0...6, using: &random) {
          _ = gradient.rows.insert(Int32.random(in: 0..<Int32(gradient.rows.total), using: &random))
        }
        filled.append(gradient.rows)
      }
      for piece in 0..<gradient.pieceCount {
        let floats = UnsafeMutableBufferPointer(mutating: gradient.piece(piece))
        for index in floats.indices { floats[index] = number() }
      }
    }
    return GradientPart(loss: Double.random(in: 0...100, using: &random), gradients)
  }

  private static func sum(_ part: GradientPart?) -> GradientSum {
    let gradients = gradients()
    part?.put(into: gradients)
    let sum = GradientSum(gradients)
    sum.put(isEmpty: part == nil)
    return sum
  }

  /// What each rank comes to, and the words that it has sent.
  private static func exchanged(
    _ parts: [GradientPart?], ranks: Int, workers: Int
  ) -> [(sum: Snapshot, words: Int, expected: Int)] {
    let distribution = ShardDistribution(shards: parts.count, ranks: ranks)
    return onRanks(ranks) { communicator in
      let (rank, own) = (communicator.rank, distribution.nodes(ofRank: communicator.rank))
      let sums = distribution.nodes[own].map { sum(GradientPart.sum(Array(parts[$0]))) }
      let losses = Buffer(count: parts.count, repeating: Double.nan)
      for shard in distribution.shards(ofRank: rank) { losses[shard] = parts[shard]?.loss ?? .nan }
      let total = sums[0].gradients
      // Losses, numbers of rows; nodes' slices for others; the sum's own slice, which is compared below; rows.
      let shards = (0..<ranks).map { distribution.shards(ofRank: $0).count }.max() ?? 0
      let slices = ArenaSlices(layout, ranks: communicator, block: 64)
      let slice = slices.floats[rank].count
      let rows = sums.reduce(0) { words, sum in
        guard !sum.isEmpty else { return words }
        let sets = sum.gradients.byRows.map(\.rows).reduce(into: [RowSet]()) { sets, rows in
          if !sets.contains(where: { $0 === rows }) { sets.append(rows) }
        }
        return words + sets.reduce(0) { $0 + $1.count }
          + sum.gradients.byRows.reduce(0) { $0 + $1.pieceCount * $1.piece(0).count }
      }
      let expected =
        (ranks - 1) * (2 * shards + 2 * distribution.mostNodes + slice + rows)
        + sums.count { !$0.isEmpty } * (total.values.count - slice)
      let contents = NodeContents(distribution, total.clusters)
      for (node, shards) in distribution.nodes.enumerated() {
        contents.put(node, isPresent: shards.contains { parts[$0] != nil }) { _ in true }
      }
      RankExchange(slices, distribution, sums: sums, total: total, contents: contents, losses: losses)
        .run(by: Workers(count: workers, processors: workers))
      slices.share(total.values)
      let loss = ShardTree(count: parts.count).sum { parts[$0] == nil ? nil : losses[$0] }
      return (GradientPart(loss: loss ?? 0, total).snapshot, communicator.wordsSent, expected)
    }
  }

  @Test(arguments: [1, 2, 3, 5, 8, 13])
  func sumsAreTheTreesToTheBit(shards: Int) throws {
    var random = TestRandom(seed: UInt64(shards))
    for emptyShards in [0, 1, shards / 2, shards - 1] where emptyShards < shards {
      var parts: [GradientPart?] = (0..<shards).map { _ in Self.part(using: &random) }
      // A short minibatch has its empty shards anywhere.
      for shard in (0..<shards).shuffled(using: &random).prefix(emptyShards) { parts[shard] = nil }
      let expected = try #require(GradientPart.sum(parts))
      let zeros = expected.dense.filter { $0 == 0 && $0.sign == .minus }.count
      #expect(zeros > 0, "a sum that takes nothing for zero loses them")
      for ranks in 1...shards {
        for (rank, found) in Self.exchanged(parts, ranks: ranks, workers: 1 + ranks % 2).enumerated() {
          let place: Comment = "\(shards) shards, \(emptyShards) empty, rank \(rank) of \(ranks)"
          #expect(found.sum.differences(from: expected.snapshot) == [], place)
          #expect(found.words == found.expected, place)
        }
      }
    }
  }
}
