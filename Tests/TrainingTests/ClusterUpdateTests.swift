import Compute
import Configuration
import ModelTestSupport
import Models
import Optimizers
import Testing
import Training

/// Clusters of an output layer without a target in the minibatch: updated by a gradient of zero, or left alone.
@Suite struct ClusterUpdateTests {
  /// Clusters that begin and end within blocks and span several; and word classes, which share one weight and one bias.
  private static let outputs: [any OutputKind] = [
    .adaptive(cutoffs: [40, 300, 1100, 1130], divValue: 1.5), .wordClasses(12),
  ]

  private static func sizes(_ output: any OutputKind) -> ModelCase {
    var sizes = ModelCase(
      cell: .gru, layers: 1, vocabulary: 1903, embedding: 19, hidden: 37, classes: 1903, streams: 5, timesteps: 7)
    sizes.shape.output = output
    return sizes
  }

  /// Minibatches whose targets are of some clusters only: of the first steps some, then no, then all, then other ones.
  private static func windows(_ sizes: ModelCase) -> [Window] {
    var random = TestRandom(seed: 23)
    let ranges = [0..<1903, 30..<200, 0..<12, 1000..<1101, 0..<1903, 1125..<1131, 20..<30]
    return ranges.map { range in
      var window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
      window.targets = window.targets.map { $0.map { range.lowerBound + $0 % range.count } }
      return window
    }
  }

  /// The cluster that an element of a parameter is of, from its name and row alone.
  private static func cluster(of row: Int, _ parameter: Parameter, _ clusters: [Range<Int>]) -> Int? {
    let name = parameter.name.split(separator: ".").map(String.init)
    if name.starts(with: ["decoder", "tail"]) { return Int(name[2]) }
    guard name.first == "decoder", name.count == 2 else { return nil }
    return clusters.firstIndex { $0.contains(row) }
  }

  private static func copy(_ from: TrainingRun, to: TrainingRun) {
    func copy(_ from: Arena, _ to: Arena) { to.base.update(from: from.base, count: from.count) }
    copy(from.test.parameters.values, to.test.parameters.values)
    for (a, b) in zip(from.optimizer.moments, to.optimizer.moments) { copy(a.arena, b.arena) }
    to.test.parameters.renewTransposedCopies()
    for (a, b) in zip(from.test.model.carriedStates, to.test.model.carriedStates) { b.matrix.copyRows(from: a.matrix) }
  }

  /// Step after step beside an update of all rows that begins with the same bits: where a cluster has a target, and in all other
  /// parameters, both have the same bits; where it has none, nothing has moved.
  @Test(arguments: outputs, optimizers.map(\.name))
  func clustersWithoutTargetsStayAsTheyAre(_ output: any OutputKind, optimizer name: String) throws {
    let sizes = Self.sizes(output)
    let configuration = try #require(optimizers.first { $0.name == name }).configuration
    let clusters = try #require(output.clusters(of: sizes.shape)).clusters.map(\.tokens)
    let (sparse, dense) = (
      TrainingRun(sizes, configuration, clipNorm: 0.25, sparse: true, workers: 2),
      TrainingRun(sizes, configuration, clipNorm: 0.25, workers: 2)
    )
    let layout = sparse.test.parameters.layout
    func tensors(_ run: TrainingRun, _ parameter: Parameter) -> [[UInt32]] {
      ([run.test.parameters.values] + run.optimizer.moments.map(\.arena))
        .map { layout.elements(of: parameter, in: $0).map(\.bitPattern) }
    }
    var (left, moved) = (0, 0)
    for (index, window) in Self.windows(sizes).enumerated() {
      Self.copy(sparse, to: dense)
      let parameters = layout.parameters.filter { $0.gradientRows == .all }
      let before = parameters.map { tensors(sparse, $0) }
      let results = [sparse, dense].map { run in
        run.step.run(step: index + 1, learningRate: configuration.learningRate) { _ in run.test.load(window) }
      }
      #expect(results[0].gradientNorm == results[1].gradientNorm)
      #expect(staleCopies(of: sparse.test) + staleCopies(of: dense.test) == [])
      let targeted = clusters.map { tokens in window.targets.contains { $0.map(tokens.contains) ?? false } }
      for (parameter, before) in zip(parameters, before) {
        let (found, updated) = (tensors(sparse, parameter), tensors(dense, parameter))
        let width = parameter.elementCount / parameter.shape[0]
        for row in 0..<parameter.shape[0] {
          let elements = row * width..<(row + 1) * width
          let cluster = Self.cluster(of: row, parameter, clusters)
          let isLeft = cluster.map { !targeted[$0] } ?? false
          let expected = isLeft ? before : updated
          for (found, expected) in zip(found, expected) where found[elements] != expected[elements] {
            Issue.record("step \(index + 1), \(parameter.name), row \(row), \(isLeft ? "left alone" : "updated")")
          }
          left += isLeft ? 1 : 0
          moved += isLeft && before.map({ $0[elements] }) != updated.map({ $0[elements] }) ? 1 : 0
        }
      }
    }
    #expect(left > 5000)
    // Plain SGD moves nothing by a gradient of zero; others do, once there are moments.
    #expect((moved > 1000) == configuration.movesWithoutGradient)
  }

  /// However many threads and processes there are, and whatever instructions: of three shards each lacks some clusters.
  @Test(arguments: outputs)
  func anyNumberOfWorkersAndRanks(_ output: any OutputKind) throws {
    let (sizes, adam) = (Self.sizes(output), try #require(optimizers.first { $0.name == "adam" }).configuration)
    let windows = Self.windows(sizes)
    for shards in [1, 3] {
      let expected = shardedTraining(sizes, adam, sparse: true, shards: shards, workers: 1, on: windows)
      for kernels in Kernels.available {
        for workers in [1, 2, 5] {
          let found = shardedTraining(
            sizes, adam, sparse: true, shards: shards, workers: workers, kernels: kernels, on: windows)
          #expect(found.differences(from: expected) == [], "\(shards) shards, \(workers) workers, \(kernels.name)")
        }
      }
      for ranks in [2, 3] where ranks <= shards {
        let all = onRanks(ranks) {
          shardedTraining(sizes, adam, sparse: true, shards: shards, ranks: $0, workers: 1, on: windows)
        }
        for found in all { #expect(found.differences(from: expected) == [], "\(ranks) ranks") }
      }
    }
  }

  /// Between ranks nothing goes of clusters without a target: of gradients those of a rank's shards, of parameters those of the
  /// minibatch where they aren't updated. Those that only some shards lack count as zero there.
  @Test(arguments: outputs, ["sgd", "adam"])
  func absentClustersArentSent(_ output: any OutputKind, optimizer name: String) throws {
    let sizes = Self.sizes(output)
    let configuration = try #require(optimizers.first { $0.name == name }).configuration
    let (layout, windows) = (ParameterLayout(sizes.shape), Self.windows(sizes))
    for sparse in [false, true] {
      let expected = shardedTraining(sizes, configuration, sparse: sparse, shards: 5, workers: 1, on: windows)
      for ranks in [2, 3, 5] {
        let all = onRanks(ranks) { communicator in
          var (sent, steps) = (0, [(found: Int, expected: Int)]())
          let snapshot = shardedTraining(
            sizes, configuration, sparse: sparse, shards: 5, ranks: communicator, workers: 2, on: windows
          ) { slices, window in
            let words = expectedWords(
              slices, window, layout, shards: 5, leavesClusters: sparse || !configuration.movesWithoutGradient)
            steps.append((communicator.wordsSent - sent, words))
            sent = communicator.wordsSent
          }
          return (snapshot: snapshot, steps: steps)
        }
        for (rank, found) in all.enumerated() {
          let place: Comment = "rank \(rank) of \(ranks), sparse \(sparse)"
          #expect(found.snapshot.differences(from: expected) == [], place)
          #expect(found.steps.map(\.found) == found.steps.map(\.expected), place)
          // Of the third step all targets are in the shortlist: of the two-step layers nothing goes but their heads.
          #expect(found.steps[2].found < found.steps[0].found, place)
        }
      }
    }
  }
}
