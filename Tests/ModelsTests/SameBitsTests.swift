import Compute
import ModelTestSupport
import Models
import Testing

/// How the work of a minibatch is cut, ordered and spread over threads changes no bit of any result.
@Suite struct SameBitsTests {
  static let sizes = {
    var sizes = ModelCase(
      .sigmoid, layers: 2, vocabulary: 40, embedding: 19, hidden: 37, classes: 101, streams: 21, timesteps: 13)
    sizes.shape.units = [37, 12]
    return sizes
  }()
  private static let dropout = {
    var dropout = DropoutRates()
    (dropout.vocabulary, dropout.weights, dropout.output) = (0.2, 0.3, 0.4)
    return dropout
  }()
  private static let penalties = {
    var penalties = ActivationPenalties()
    (penalties.activation, penalties.temporal) = (2, 1.5)
    return penalties
  }()
  static let workerCounts = [1, 2, 3, 5, 16]

  /// Gradients, losses and hidden states of a random minibatch, with the phases run by `run`.
  private static func snapshot(
    workers: Int = 1, kernels: Kernels = Kernels.available[0], logitsBound: Int = SequenceModel.logitsBound,
    sharing: Int = 0, run: ([Phase]) -> Void
  ) -> Snapshot {
    var random = TestRandom(seed: 5)
    let test = TestModel(
      sizes.shape, lengths: [Int](repeating: sizes.timesteps, count: sizes.streams), dropout: dropout,
      penalties: penalties, carriesState: true, workers: workers, kernels: kernels, logitsBound: logitsBound)
    test.model.sharingTrial.settle(on: sharing)
    test.load(Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random))
    test.load(randomState(of: sizes.shape, streams: sizes.streams, using: &random))
    run(test.gradientPhases)
    test.model.carryState()
    return test.snapshot
  }

  private static let expected = snapshot { Workers(count: 1).run(PhaseList($0)) }

  @Test(arguments: workerCounts)
  func anyNumberOfWorkersOnAnyInstructionSet(workers: Int) {
    for kernels in Kernels.available {
      let found = Self.snapshot(workers: workers, kernels: kernels) { Workers(count: workers).run(PhaseList($0)) }
      #expect(found.differences(from: Self.expected) == [], "\(kernels.name)")
    }
  }

  @Test(arguments: [2, 3, 16])
  func anySharingOfRecurrences(workers: Int) {
    let candidates = TestModel(
      Self.sizes.shape, streams: Self.sizes.streams, timesteps: Self.sizes.timesteps, workers: workers
    )
    .model.sharingTrial.candidates
    #expect(candidates.count > 1)
    for sharing in candidates.indices {
      let found = Self.snapshot(workers: workers, sharing: sharing) { Workers(count: 2).run(PhaseList($0)) }
      #expect(found.differences(from: Self.expected) == [], "\(candidates[sharing])")
    }
  }

  @Test(arguments: workerCounts)
  func anyOrderOfJobs(workers: Int) {
    let backwards = Self.snapshot(workers: workers) { phases in
      for phase in phases { (0..<phase.jobs()).reversed().forEach(phase.run) }
    }
    #expect(backwards.differences(from: Self.expected) == [])
    var random = TestRandom(seed: 6)
    let shuffled = Self.snapshot(workers: workers) { phases in
      for phase in phases { (0..<phase.jobs()).shuffled(using: &random).forEach(phase.run) }
    }
    #expect(shuffled.differences(from: Self.expected) == [])
  }

  @Test func anyNumberOfBlocksOfTheOutputLayer() {
    // 273 rows in blocks of 144 and of 128, the fewest; and two penalties.
    for bound in [144 * Self.sizes.shape.classes * MemoryLayout<Float>.stride, 0] {
      let found = Self.snapshot(workers: 3, logitsBound: bound) { phases in
        #expect(phases.filter { $0.kind == .output && $0.jobs() > 0 }.count == (bound == 0 ? 3 : 2) + 2)
        Workers(count: 2).run(PhaseList(phases))
      }
      #expect(found.differences(from: Self.expected) == [], "bound \(bound)")
    }
  }

  @Test(arguments: Activation.allCases)
  func windowsOfOneTimestepAreOneWindowOfAll(_ activation: Activation) {
    let sizes = ModelCase(
      activation, layers: 3, vocabulary: 40, embedding: 19, hidden: 21, classes: 98, streams: 3, timesteps: 12)
    var random = TestRandom(seed: 8)
    let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
    let state = randomState(of: sizes.shape, streams: sizes.streams, using: &random)

    func forward(_ windows: [Window]) -> Snapshot {
      let test = TestModel(sizes.shape, streams: sizes.streams, timesteps: sizes.timesteps)
      let phases = PhaseList(test.model.forwardPhases() + test.model.lossPhases())
      var (logits, losses): ([Float], [Double]) = ([], [])
      test.load(state)
      for window in windows {
        test.load(window)
        Workers(count: 1).run(phases)
        losses += (0..<window.rows).map { test.model.loss(row: $0) }
        logits += test.logits
        test.model.carryState()
      }
      var snapshot = Snapshot()
      snapshot.add("losses", losses)
      snapshot.add("logits", logits.map(Double.init))
      for (name, matrix) in test.model.carriedStates { snapshot.add(name, matrix.rowMajor().map(Double.init)) }
      return snapshot
    }

    let single = forward((0..<sizes.timesteps).map(window.timestep))
    #expect(single.differences(from: forward([window])) == [])
  }

  @Test func resettingTheStateIsBeginningAnew() {
    let test = TestModel(Self.sizes.shape, streams: Self.sizes.streams, timesteps: Self.sizes.timesteps)
    var random = TestRandom(seed: 9)
    let window = Window(
      timesteps: Self.sizes.timesteps, streams: Self.sizes.streams, of: Self.sizes.shape, using: &random)
    test.load(window)
    let phases = PhaseList(test.gradientPhases)
    func pass() -> Snapshot {
      Workers(count: 1).run(phases)
      test.model.carryState()
      return test.snapshot
    }
    let first = pass()
    let carriedOn = pass()
    #expect(carriedOn.differences(from: first) == ["gradients", "losses", "h_l0", "h_l1"])
    test.model.resetState()
    #expect(pass().differences(from: first) == [])
  }
}
