import Collectives
import Compute
import ModelTestSupport
import Models
import Optimizers
import Testing
import Training

/// Several ranks make the steps of one process: clipped by the norm of all gradients, with the same moments and parameters, of
/// which each updates a slice.
@Suite struct RankedStepTests {
  /// Each shard lacks some of the tokens: the sum has more rows than either. Slices are of many blocks, which parameters cross.
  private static let sizes = ModelCase(
    cell: .lstm, layers: 2, vocabulary: 31, embedding: 7, hidden: 13, classes: 33, streams: 6, timesteps: 11)
  private static let (shards, block) = (5, 256)

  private struct Trained: Sendable {
    var snapshot = Snapshot()
    /// In each step, and what they have to be.
    var words: [Int] = []
    var expectedWords: [Int] = []
    /// Floats of moments outside of the slice that aren't zero.
    var strangers = 0
  }

  private static func trained(
    _ optimizer: any Optimizer, sparse: Bool = false, freezes: Bool = false, ranks: any Communicator = Alone()
  ) -> Trained {
    let parameters = Parameters(sizes.shape, kernels: Kernels.available[0])
    parameters.initialize(seed: 4)
    let layout = parameters.layout
    let capacity = SequenceModel.Capacity(
      Timeline.Capacity(sequences: sizes.streams, timesteps: sizes.timesteps))
    let slices = ArenaSlices(
      layout, frozen: freezes ? [layout.layers[0][0].inputWeight] : [], ranks: ranks, block: block)
    let model = ShardedModel(parameters, capacity, shards: shards, slices: slices) { capacity, gradients, isShard in
      SequenceModel(
        parameters, capacity, gradients: gradients, workers: 2, carriesState: true, isShard: isShard)
    }
    let step = OptimizerStep(
      optimizer, clipNorm: 0.01, sparse: sparse, slices: slices, parameters: parameters, gradients: model.gradients)
    let averages = AveragedParameters(of: parameters)
    let training = TrainingStep(model: model, optimizer: step, averages: averages, workers: Workers(count: 2))
    var random = TestRandom(seed: 71)
    var trained = Trained()
    for number in 1...4 {
      let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
      let before = wordsSent(ranks)
      let result = training.run(
        step: number, learningRate: optimizer.learningRate, averagingWeight: 1 / Float(number)
      ) { $0.load(Sentences(window)) }
      trained.words.append(wordsSent(ranks) - before)
      trained.expectedWords.append(
        expectedWords(slices, window, layout, shards: shards, leavesClusters: false))
      trained.snapshot.add("step \(number)", [result.lossSum, result.gradientNorm, Double(result.targets)])
    }
    trained.snapshot.add("parameters", parameters.values)
    trained.snapshot.add("means", averages.mean.values)
    for moment in step.moments {
      for (rank, floats) in slices.floats.enumerated() where rank != ranks.rank {
        trained.strangers += floats.count { moment.arena.base[$0] != 0 }
      }
      slices.share(moment.arena)
      trained.snapshot.add(moment.name, moment.arena)
    }
    return trained
  }

  private static func compare(_ optimizer: any Optimizer, sparse: Bool = false, freezes: Bool = false) {
    let expected = trained(optimizer, sparse: sparse, freezes: freezes)
    for ranks in [2, 3, 5] {
      let all = onRanks(ranks) { trained(optimizer, sparse: sparse, freezes: freezes, ranks: $0) }
      for (rank, found) in all.enumerated() {
        #expect(found.snapshot.differences(from: expected.snapshot) == [], "rank \(rank) of \(ranks)")
        #expect(found.words == found.expectedWords, "rank \(rank) of \(ranks)")
        #expect(found.strangers == 0, "rank \(rank) of \(ranks) has moments of others")
      }
    }
  }

  @Test(arguments: optimizers.map(\.name))
  func ranksMakeTheStepsOfOneProcess(name: String) throws {
    Self.compare(try #require(optimizers.first { $0.name == name }).configuration)
  }

  @Test func rowsWithoutAGradientMayStayAsTheyAre() { Self.compare(Adam(.coupled), sparse: true) }

  @Test func whatIsFrozenIsInNoSlice() { Self.compare(SGD(), freezes: true) }
}
