import Compute
import Datasets
import Inference
import ModelTestSupport
import Models
import Testing
import Training

/// Gradients by the states of other timesteps, against the double-precision references.
@Suite struct GradientFlowTests {
  static let cases: [NetworkCase] = everyCell.flatMap { cell in
    [1, 2].flatMap { layers in
      [
        NetworkCase(cell, layers: layers, isBidirectional: false, .uniform, []),
        NetworkCase(cell, layers: layers, isBidirectional: false, .ragged, [.residual]),
        NetworkCase(cell, layers: layers, isBidirectional: true, .ragged, [.characters]),
        NetworkCase(cell, layers: layers, isBidirectional: true, .single, [.residual, .wholePanels]),
      ]
    }
  }

  /// dL_t/dh_k as the textbooks have it, by multiplying Jacobians.
  @Test(arguments: Activation.allCases)
  func anElmanNetworksIsTheProductOfJacobians(_ activation: Activation) throws {
    let sizes = ModelCase(
      activation, layers: 1, vocabulary: 7, embedding: 3, hidden: 21, classes: 7, streams: 3, timesteps: 11)
    var random = TestRandom(seed: 6)
    let test = TestModel(sizes.shape, streams: sizes.streams, timesteps: sizes.timesteps)
    let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
    let state = randomState(of: sizes.shape, streams: sizes.streams, using: &random)
    let expected = test.reference.explicitFlow(window, from: state)

    let capacity = Timeline.Capacity(sequences: sizes.streams, timesteps: sizes.timesteps)
    let meter = GradientFlowMeter(
      test.parameters, SequenceModel.Capacity(capacity), carriesState: true, workers: Workers(count: 2))
    meter.model.carriedStates[0].matrix.setRowMajor(state[0].values.map(Float.init))
    meter.addMinibatch { _ in meter.model.load(Sentences(window)) }
    let found = try #require(meter.flow.states.first)
    #expect(meter.flow.states.map(\.name) == ["h_l0"])
    #expect(meter.flow.sequences == sizes.streams)

    for t in 0..<window.timesteps {
      let targets = (0..<window.streams).filter { window.targets[t * window.streams + $0] != nil }
      let means: [Double] = (0..<window.timesteps).map { k in
        guard k <= t, !targets.isEmpty else { return 0 }
        return targets.reduce(0) { $0 + expected[t][k][$1] } / Double(targets.count)
      }
      #expect(relativeError(of: found.norms[t], from: means) < 5e-6, "t = \(t)")
      // Those far back are small: each is held on its own as well.
      for (norm, mean) in zip(found.norms[t], means) { #expect(abs(norm - mean) <= 1e-4 * mean) }
    }
  }

  /// What a sample of the classes has to do with it is nothing.
  @Test func aSampledOutputsLossesAreOverAllClasses() throws {
    let sizes = ModelCase(
      .tanh, layers: 1, vocabulary: 29, embedding: 3, hidden: 7, classes: 29, streams: 3, timesteps: 5)
    func flow(_ output: any OutputKind) throws -> GradientFlow {
      var shape = sizes.shape
      shape.output = output
      let parameters = Parameters(shape, kernels: Kernels.available[0])
      parameters.initialize(seed: 3)
      let tokens = (0..<60).map { Int32($0 * $0 % 29) }
      let batches = try StreamBatches(tokens, streams: 3, window: 5)
      return GradientFlow.measure(parameters, StreamMinibatches(batches, limit: 2), workers: Workers(count: 1))
    }
    #expect(try flow(SampledSoftmax(samples: 4)) == flow(Softmax()))
  }

  /// Every kind of network against the tape's derivatives by the states that it kept.
  @Test(arguments: cases)
  func everyNetworksIsTheTapes(_ sizes: NetworkCase) throws {
    var random = TestRandom(seed: 15)
    let test = TestModel(
      sizes.shape, lengths: sizes.lengths, dropout: DropoutRates(), carriesState: sizes.carriesState)
    let sentences = Sentences(lengths: sizes.lengths, of: sizes.shape, using: &random)
    let meter = GradientFlowMeter(
      test.parameters, SequenceModel.Capacity(lengths: sizes.lengths, of: sizes.shape),
      carriesState: sizes.carriesState, workers: Workers(count: 2))
    var states: [String: Matrix] = [:]
    meter.addMinibatch { _ in
      meter.model.load(sentences)
      states = meter.model.loadRandomStates(using: &random)
    }

    let reference = NetworkReference(shape: sizes.shape, parameters: test.matrices(test.parameters.values))
    let expected = reference.flow(sentences, from: states)
    #expect(Set(meter.flow.states.map(\.name)) == Set(expected.keys))
    for state in meter.flow.states {
      let rows = try #require(expected[state.name])
      let means = Means(rows, timesteps: sizes.lengths[0])
      #expect(relativeError(of: state.norms.flatMap(\.self), from: means.norms) < 5e-6, "\(state.name)")
      let curve = means.curve.filter { sizes.shape.isBidirectional || $0.lag >= 0 }
      #expect(state.curve.map(\.lag) == curve.map(\.lag), "\(state.name)")
      #expect(relativeError(of: state.curve.map(\.norm), from: curve.map(\.norm)) < 5e-6, "\(state.name)")
    }
  }

  /// What is measured twice counts twice; and threads change nothing.
  @Test func meansAreOverAllMinibatches() {
    let sizes = NetworkCase(.lstm, layers: 2, isBidirectional: true, .ragged, [])
    let test = TestModel(sizes.shape, lengths: sizes.lengths, dropout: DropoutRates(), carriesState: false)
    func flow(minibatches: Int, threads: Int) -> GradientFlow {
      var random = TestRandom(seed: 15)
      let sentences = Sentences(lengths: sizes.lengths, of: sizes.shape, using: &random)
      let meter = GradientFlowMeter(
        test.parameters, SequenceModel.Capacity(lengths: sizes.lengths, of: sizes.shape), carriesState: false,
        workers: Workers(count: threads))
      for _ in 0..<minibatches {
        meter.addMinibatch { _ in meter.model.load(sentences) }
      }
      return meter.flow
    }
    let once = flow(minibatches: 1, threads: 1)
    #expect(flow(minibatches: 1, threads: 5) == once)
    let twice = flow(minibatches: 2, threads: 2)
    #expect(twice.sequences == 2 * once.sequences)
    for (twice, once) in zip(twice.states, once.states) {
      #expect(relativeError(of: twice.norms.flatMap(\.self), from: once.norms.flatMap(\.self)) < 1e-15)
    }
  }

  @Test func theReachIsTheLastLagThatIsLargeEnough() {
    func state(_ norms: [Double]) -> GradientFlow.State {
      GradientFlow.State(
        name: "h_l0", norms: [], curve: norms.enumerated().map { GradientFlow.Point(lag: $0, norm: $1) })
    }
    #expect(state([2, 1, 0.1, 0.03, 0.019, 0.001]).reach(share: 0.01) == 3)
    #expect(state([2, 0.01, 0.5, 0.001]).reach(share: 0.01) == 2)
    #expect(state([2, 0.001, 0.001]).reach(share: 0.01) == 0)
    #expect(state([2, 1, 1]).reach(share: 0.01) == nil)
    #expect(state([1, 20, .nan, 0]).reach(share: 0.01) == 2)
  }
}

/// Means of a reference's norms, over sequences and over places of one lag.
private struct Means {
  let norms: [Double]
  let curve: [(lag: Int, norm: Double)]

  /// - Parameter rows: [sequence][t][k]
  init(_ rows: [[[Double]?]], timesteps: Int) {
    var (all, byLag): ([[Double]], [Int: [Double]]) = (Array(repeating: [], count: timesteps * timesteps), [:])
    for sequence in rows {
      for (t, norms) in sequence.enumerated() {
        for (k, norm) in (norms ?? []).enumerated() {
          all[t * timesteps + k].append(norm)
          byLag[t - k, default: []].append(norm)
        }
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
    norms = all.map(mean)
    curve = (1 - timesteps..<timesteps).map { ($0, mean(byLag[$0] ?? [])) }
  }
}
