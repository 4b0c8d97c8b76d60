import Compute
import Configuration
import ModelTestSupport
import Models
import Optimizers
import Testing

/// Several steps with carried state: the same bits for any number of workers and any instruction set, and arenas that hold
/// nothing between steps but what they should.
@Suite struct SameStepsTests {
  static let sizes = ModelCase(
    .tanh, layers: 2, vocabulary: 103, embedding: 19, hidden: 37, classes: 101, streams: 21, timesteps: 7)

  /// The last window of an epoch is shorter than the others; another epoch follows.
  static func windows(_ sizes: ModelCase) -> [Window] {
    var random = TestRandom(seed: 21)
    return [sizes.timesteps, sizes.timesteps, 3, sizes.timesteps].map {
      Window(timesteps: $0, streams: sizes.streams, of: sizes.shape, using: &random)
    }
  }

  @Test(arguments: optimizers.map(\.name), [false, true])
  func anyNumberOfWorkersOnAnyInstructionSet(optimizer name: String, sparse: Bool) throws {
    let configuration = try #require(optimizers.first { $0.name == name }).configuration
    let sizes = sparse ? SparseUpdateTests.sizes : Self.sizes
    func train(workers: Int, kernels: Kernels) -> Snapshot {
      let run = TrainingRun(
        sizes, configuration, clipNorm: 0.25, sparse: sparse, workers: workers, kernels: kernels)
      var results: [Double] = []
      run.train(on: Self.windows(sizes)) { results += [$0.lossSum, $0.gradientNorm, Double($0.targets)] }
      var snapshot = run.snapshot
      snapshot.add("results", results)
      return snapshot
    }
    let expected = train(workers: 1, kernels: Kernels.available[0])
    for kernels in Kernels.available {
      for workers in [1, 2, 3, 5, 16] {
        let found = train(workers: workers, kernels: kernels)
        #expect(found.differences(from: expected) == [], "\(workers) workers, \(kernels.name)")
      }
    }
  }

  @Test(arguments: everyCell)
  func everyCellOnAnyNumberOfWorkers(_ cell: any CellKind) {
    let sizes = ModelCase(
      cell: cell, layers: 2, vocabulary: 53, embedding: 19, hidden: 37, classes: 51, streams: 13, timesteps: 7)
    func train(workers: Int, kernels: Kernels) -> Snapshot {
      let run = TrainingRun(sizes, optimizers[0].configuration, clipNorm: 0.25, workers: workers, kernels: kernels)
      run.train(on: Self.windows(sizes)) { #expect(!$0.diverged) }
      return run.snapshot
    }
    let expected = train(workers: 1, kernels: Kernels.available[0])
    for kernels in Kernels.available {
      for workers in [1, 2, 3, 5, 16] {
        let found = train(workers: workers, kernels: kernels)
        #expect(found.differences(from: expected) == [], "\(workers) workers, \(kernels.name)")
      }
    }
  }

  @Test(arguments: everyCell)
  func paddingStaysZero(_ cell: any CellKind) {
    for (hidden, embedding) in [(37, 19), (1, 1), (16, 17), (47, 32)] {
      let sizes = ModelCase(
        cell: cell, layers: 2, vocabulary: 33, embedding: embedding, hidden: hidden, classes: 35, streams: 5,
        timesteps: 6)
      for (name, configuration) in optimizers {
        let run = TrainingRun(sizes, configuration, clipNorm: 1, workers: 2)
        run.train(on: Self.windows(sizes)) { #expect(!$0.diverged) }
        let arenas = [run.test.parameters.values] + run.optimizer.moments.map(\.arena)
        #expect(arenas.allSatisfy(run.test.paddingIsZero), "\(name), hidden \(hidden)")
        #expect(run.test.gradientPaddingIsZero, "\(name), hidden \(hidden)")
      }
    }
  }

  @Test func onlyEmbeddingsOfTokensThatOccurMove() {
    let sizes = ModelCase(
      .tanh, layers: 1, vocabulary: 90, embedding: 19, hidden: 20, classes: 5, streams: 4, timesteps: 7)
    let run = TrainingRun(sizes, SGD(learningRate: 1))
    let before = run.test.reference.parameter("embedding.weight")
    var windows = Self.windows(sizes)
    // A token at a stream's end with a masked target has no gradient.
    for index in windows.indices { windows[index].targets = windows[index].inputs.map { $0 % sizes.shape.classes } }
    run.train(on: windows)
    let after = run.test.reference.parameter("embedding.weight")
    for token in 0..<sizes.shape.vocabulary {
      let moved = (0..<sizes.shape.embedding).contains { before[token, $0] != after[token, $0] }
      #expect(moved == windows.contains { $0.inputs.contains(token) }, "token \(token)")
    }
  }
}
