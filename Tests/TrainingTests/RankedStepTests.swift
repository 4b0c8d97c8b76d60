import Collectives
import Compute
import ModelTestSupport
import Models
import Optimizers
import Testing
import Training

/// Several ranks make the steps of one process: clipped by the norm of all gradients, with the same moments and parameters.
@Suite struct RankedStepTests {
  /// Each shard lacks some of the tokens: the sum has more rows than either.
  private static let sizes = ModelCase(
    cell: .lstm, layers: 2, vocabulary: 31, embedding: 7, hidden: 13, classes: 33, streams: 6, timesteps: 11)

  private static func trained(_ optimizer: any Optimizer, ranks: any Communicator = Alone()) -> Snapshot {
    let parameters = Parameters(sizes.shape, kernels: Kernels.available[0])
    parameters.initialize(seed: 4)
    let capacity = SequenceModel.Capacity(
      Timeline.Capacity(sequences: sizes.streams, timesteps: sizes.timesteps))
    let model = ShardedModel(parameters, capacity, shards: 5, ranks: ranks) { capacity, gradients, isShard in
      SequenceModel(
        parameters, capacity, gradients: gradients, workers: 2, carriesState: true, isShard: isShard)
    }
    let step = OptimizerStep(
      optimizer, clipNorm: 0.01, sparse: false, frozen: [], parameters: parameters, gradients: model.gradients)
    let training = TrainingStep(model: model, optimizer: step, workers: Workers(count: 2))
    var random = TestRandom(seed: 71)
    var snapshot = Snapshot()
    for number in 1...4 {
      let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
      let result = training.run(step: number, learningRate: optimizer.learningRate) { $0.load(Sentences(window)) }
      snapshot.add("step \(number)", [result.lossSum, result.gradientNorm, Double(result.targets)])
    }
    snapshot.add("parameters", parameters.values)
    for moment in step.moments { snapshot.add(moment.name, moment.arena) }
    return snapshot
  }

  @Test(arguments: ["sgd-momentum", "adam"])
  func ranksMakeTheStepsOfOneProcess(name: String) throws {
    let optimizer = try #require(optimizers.first { $0.name == name }).configuration
    let expected = Self.trained(optimizer)
    for ranks in [2, 3, 5] {
      for found in onRanks(ranks, { Self.trained(optimizer, ranks: $0) }) {
        #expect(found.differences(from: expected) == [], "\(ranks) ranks")
      }
    }
  }
}
