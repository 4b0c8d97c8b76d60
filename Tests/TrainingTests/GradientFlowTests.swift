import Compute
import Datasets
import Foundation
import Inference
import ModelTestSupport
import Models
import Optimizers
import Testing
import Training

/// Gradients by the states of other timesteps, against the double-precision references.
@Suite struct GradientFlowTests {
  static let cases: [NetworkCase] = everyCell.flatMap { cell in
    [1, 2].flatMap { layers in
      [
        NetworkCase(cell, layers: layers, isBidirectional: false, .uniform, []),
        NetworkCase(cell, layers: layers, isBidirectional: false, .ragged, [.residual]),
        NetworkCase(cell, layers: layers, isBidirectional: true, .ragged, [.characters, .readers]),
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
      let batches = try StreamBatches(Column(tokens), streams: 3, window: 5)
      return try GradientFlow.measure(parameters, StreamMinibatches(batches, limit: 2), workers: Workers(count: 1))
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
    let flow = meter.flow
    #expect(Set((flow.states + flow.weights).map(\.name)) == Set(expected.keys))
    for state in flow.states + flow.weights {
      let rows = try #require(expected[state.name])
      let means = Means(rows, timesteps: sizes.lengths[0])
      #expect(relativeError(of: state.norms.flatMap(\.self), from: means.norms) < 5e-6, "\(state.name)")
      let curve = means.curve.filter { sizes.shape.isBidirectional || $0.lag >= 0 }
      #expect(state.curve.map(\.lag) == curve.map(\.lag), "\(state.name)")
      #expect(relativeError(of: state.curve.map(\.norm), from: curve.map(\.norm)) < 5e-6, "\(state.name)")
    }
  }

  /// dL/dW and dL/dV as sums over t and k <= t of what each pair adds, one after the other; dL/dU as a sum over t alone.
  @Test(arguments: everyCell)
  func theDoubleSumIsTheGradientThatTrainingFollows(_ cell: any CellKind) throws {
    let sizes = ModelCase(
      cell: cell, layers: 2, vocabulary: 23, embedding: 7, hidden: 21, classes: 19, streams: 3, timesteps: 17)
    var random = TestRandom(seed: 8)
    let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
    let run = TrainingRun(sizes, SGD(learningRate: 1), workers: 2)
    let parameters = TestModel(sizes.shape, streams: sizes.streams, timesteps: sizes.timesteps).parameters
    let capacity = Timeline.Capacity(sequences: sizes.streams, timesteps: sizes.timesteps)
    let meter = GradientFlowMeter(
      parameters, SequenceModel.Capacity(capacity), carriesState: true, workers: Workers(count: 2))
    var sameRandom = random
    _ = run.test.loadRandomStates(using: &random)
    run.train(on: [window])
    meter.addMinibatch { _ in
      meter.model.load(Sentences(window))
      _ = meter.model.loadRandomStates(using: &sameRandom)
    }
    let flow = meter.flow

    func training(_ name: String) throws -> [Double] {
      let parameter = try #require(parameters.layout.parameters.first { $0.name == name })
      return run.test.gradients.elements(of: parameter).map(Double.init)
    }
    let names = (0..<2).flatMap { ["rnn.weight_ih_l\($0)", "rnn.weight_hh_l\($0)"] }
    #expect(flow.weights.map(\.name) == names && flow.sums.map(\.name) == names)
    for name in names {
      let weight = try #require(parameters.layout.parameters.first { $0.name == name }).handle
      let sum = try #require(meter.summedContributions[weight])
      #expect(try relativeError(of: sum, from: training(name)) < 1e-5, "\(name)")
    }
    for sum in flow.sums { #expect(sum.relativeDifference > 0 && sum.relativeDifference < 1e-5, "\(sum)") }

    let output = try #require(flow.output)
    #expect(output.name == "decoder.weight" && output.norms.count == window.timesteps)
    var sum = [Double](repeating: 0, count: sizes.shape.classes * sizes.shape.outputWidths.total)
    for t in 0..<window.timesteps {
      var norms: [Double] = []
      for row in t * window.streams..<(t + 1) * window.streams {
        guard let target = window.targets[row] else { continue }
        let contribution = outputContribution(of: meter.model, row: row, target: target)
        norms.append(contribution.reduce(0) { $0 + $1 * $1 }.squareRoot())
        for (index, element) in contribution.enumerated() { sum[index] += element / Double(window.targetCount) }
      }
      let mean = norms.reduce(0, +) / Double(max(norms.count, 1))
      #expect(abs(output.norms[t] - mean) <= 1e-6 * mean, "t = \(t)")
    }
    #expect(try relativeError(of: sum, from: training("decoder.weight")) < 1e-5)
  }

  /// (y_t - 1 at the target) h_t^T of one row, [classes, hidden].
  private func outputContribution(of model: SequenceModel, row: Int, target: Int) -> [Double] {
    let (classes, hidden) = (model.parameters.shape.classes, model.parameters.shape.outputWidths.total)
    let logits = [Float](unsafeUninitializedCapacity: classes) { buffer, count in
      model.logits(row: row, into: UnsafeMutableBufferPointer(rebasing: buffer[..<classes]))
      count = classes
    }
    let exponentials = logits.map { exp(Double($0)) }
    let sum = exponentials.reduce(0, +)
    return (0..<classes).flatMap { index in
      let gradient = exponentials[index] / sum - (index == target ? 1 : 0)
      return (0..<hidden).map { gradient * Double(model.outputInput[row, $0]) }
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
    for (twice, once) in zip(twice.states + twice.weights, once.states + once.weights) {
      #expect(relativeError(of: twice.norms.flatMap(\.self), from: once.norms.flatMap(\.self)) < 1e-15)
    }
  }

  @Test func theFactorIsThatOfTheExponential() throws {
    func factor(_ distances: ClosedRange<Int>, isReverse: Bool = false, _ norm: (Int) -> Double) -> Double? {
      GradientFlow.Norms(
        name: "h_l0", kind: .hiddenState, isReverse: isReverse, norms: [],
        curve: (-20...20).map { GradientFlow.Point(lag: $0, norm: norm($0)) }
      ).factor(distances: distances)
    }
    let exponential = { (lag: Int) in 3 * pow(0.63, Double(lag)) }
    #expect(abs(try #require(factor(0...20, exponential)) - 0.63) < 1e-12)
    #expect(abs(try #require(factor(0...20, isReverse: true, exponential)) - 1 / 0.63) < 1e-12)
    // Another one behind a bend, and gaps where nothing arrives or a number gave out.
    let bent = { (lag: Int) in
      lag <= 5 ? pow(1.2, Double(lag)) : lag == 9 ? 0 : lag == 11 ? .nan : pow(0.5, Double(lag))
    }
    #expect(abs(try #require(factor(0...5, bent)) - 1.2) < 1e-12)
    #expect(abs(try #require(factor(6...20, bent)) - 0.5) < 1e-12)
    // numpy.exp(numpy.polyfit([0, 1, 2], [0, -1, -1], 1, w=numpy.sqrt([21, 20, 19]))[0])
    let logarithms = [0.0, -1, -1]
    let closest = try #require(factor(0...2) { (0..<3).contains($0) ? exp(logarithms[$0]) : 1 })
    #expect(abs(closest - 0.6014888712452221) < 1e-12)
    #expect(factor(0...20) { _ in 0 } == nil)
    #expect(factor(3...3, exponential) == nil)
  }

  @Test func theReachIsTheLastLagThatIsLargeEnough() {
    func state(_ norms: [Double]) -> GradientFlow.Norms {
      GradientFlow.Norms(
        name: "h_l0", kind: .hiddenState, norms: [],
        curve: norms.enumerated().map { GradientFlow.Point(lag: $0, norm: $1) })
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
