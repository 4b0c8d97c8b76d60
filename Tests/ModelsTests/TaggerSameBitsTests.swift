import Compute
import ModelTestSupport
import Models
import Testing

/// The same for a tagger with everything: sentences of all lengths in both directions, characters, dropout.
@Suite struct TaggerSameBitsTests {
  static let workerCounts = [1, 2, 3, 5, 16]
  static let cells: [any CellKind] = [.elman(.tanh), .lstm, .gru]

  /// So many that some numbers of workers share them out and others share out units.
  private static let lengths = (0..<40).map { 12 - $0 * 12 / 40 }

  private static func snapshot(
    _ cell: any CellKind, workers: Int, kernels: Kernels = Kernels.available[0], isVariational: Bool = false,
    run: ([Phase]) -> Void
  ) -> Snapshot {
    var switches: Set<NetworkCase.Switch> = [.residual, .inputDropout, .layerDropout, .characters, .readers]
    if isVariational { switches.insert(.variational) }
    let sizes = NetworkCase(cell, layers: 2, isBidirectional: true, .ragged, switches)
    var random = TestRandom(seed: 5)
    let test = TestModel(
      sizes.shape, lengths: lengths, dropout: sizes.dropout, penalties: sizes.penalties, carriesState: false,
      workers: workers, kernels: kernels)
    test.load(Sentences(lengths: lengths, of: sizes.shape, using: &random))
    run(test.gradientPhases)
    var snapshot = test.snapshot
    snapshot.add("predictions", (0..<test.model.minibatch.rows).map { Double(test.model.prediction(row: $0)) })
    snapshot.add("logits", test.logits.map(Double.init))
    return snapshot
  }

  private static func inOrder(_ phases: [Phase]) { Workers(count: 1).run(PhaseList(phases)) }

  @Test(arguments: cells, workerCounts)
  func anyNumberOfWorkersOnAnyInstructionSet(_ cell: any CellKind, workers: Int) {
    let expected = Self.snapshot(cell, workers: 1, run: Self.inOrder)
    for kernels in Kernels.available {
      let found = Self.snapshot(cell, workers: workers, kernels: kernels) { Workers(count: workers).run(PhaseList($0)) }
      #expect(found.differences(from: expected) == [], "\(kernels.name)")
    }
  }

  @Test(arguments: cells, workerCounts)
  func anyOrderOfJobs(_ cell: any CellKind, workers: Int) {
    let expected = Self.snapshot(cell, workers: 1, run: Self.inOrder)
    let backwards = Self.snapshot(cell, workers: workers) { phases in
      for phase in phases { (0..<phase.jobs()).reversed().forEach(phase.run) }
    }
    #expect(backwards.differences(from: expected) == [])
    var random = TestRandom(seed: 6)
    let shuffled = Self.snapshot(cell, workers: workers) { phases in
      for phase in phases { (0..<phase.jobs()).shuffled(using: &random).forEach(phase.run) }
    }
    #expect(shuffled.differences(from: expected) == [])
  }

  @Test func variationalMasksAreOthers() {
    let usual = Self.snapshot(.lstm, workers: 1, run: Self.inOrder)
    let variational = Self.snapshot(.lstm, workers: 1, isVariational: true, run: Self.inOrder)
    #expect(variational.differences(from: usual) == ["gradients", "losses", "predictions", "logits"])
    let sharedOut = Self.snapshot(.lstm, workers: 5, isVariational: true) { Workers(count: 5).run(PhaseList($0)) }
    #expect(sharedOut.differences(from: variational) == [])
  }
}
