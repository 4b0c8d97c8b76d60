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
    var random = TestRandom(seed: 71)
    let windows = (1...4).map { _ in
      Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
    }
    return shardedTraining(sizes, optimizer, shards: 5, ranks: ranks, workers: 2, on: windows)
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
