import Compute
import Datasets
import Foundation
import Inference
import ModelTestSupport
import Models
import Testing

/// Models that follow the text: dynamic evaluation, and the neural cache.
@Suite struct AdaptationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let cell: any CellKind
    var output: any OutputKind = .softmax
    var layers = 1
    var isTied = false
    var isResidual = false
    /// Of the parameters as they are drawn, to make them as large as trained ones: else states are much alike.
    var scale: Float = 2
    var testDescription: String { "\(cell) x \(layers), \(output)\(isTied ? ", tied" : "")" }

    var shape: ModelShape {
      var shape = ModelShape(
        vocabulary: 23, embedding: isTied || isResidual ? 21 : 7, cell: cell, hidden: 21, layers: layers, classes: 23)
      shape.output = output
      shape.tiesEmbeddings = isTied
      shape.isResidual = isResidual
      return shape
    }

    var model: TrainedModel {
      let parameters = Parameters(shape, kernels: Kernels.available[0])
      parameters.initialize(seed: 5)
      for index in 0..<parameters.values.count { parameters.values.floats[index] *= scale }
      parameters.renewTransposedCopies()
      return TrainedModel(
        parameters, vocabulary: Vocabulary(tokens: ["<unk>", "</s>"] + (2..<23).map { "w\($0)" }),
        tokenization: .whitespace, tagging: nil)
    }
  }

  static let cases = [
    Case(cell: .lstm), Case(cell: .lstm, output: .adaptive(cutoffs: [5, 11], divValue: 2)),
    Case(cell: .gru, output: .wordClasses(4), layers: 2), Case(cell: .elman(.tanh), output: .sampled(samples: 6)),
    Case(cell: .cifg, layers: 2, isTied: true), Case(cell: .elman(.relu), layers: 2, isResidual: true, scale: 1),
  ]

  /// Each word has a few that may come next, and some stretches come again.
  private static func text(_ count: Int, seed: UInt64) -> [Int32] {
    var random = TestRandom(seed: seed)
    var text: [Int32] = [1]
    while text.count < count {
      if text.count > 40, Int.random(in: 0..<8, using: &random) == 0 {
        let start = Int.random(in: 0..<text.count - 20, using: &random)
        text += text[start..<start + 12]
      }
      text.append((3 * text[text.count - 1] + Int32.random(in: 0..<3, using: &random)) % 23)
    }
    return Array(text.prefix(count))
  }

  private static func sequence(_ text: [Int32]) -> TokenSequence {
    TokenSequence(tokens: Column(text), offsets: [0, Int64(text.count)], extent: TextExtent(), sourceSHA256: "")
  }

  /// Losses in the order of the reference's.
  private static func losses(
    _ model: TrainedModel, _ text: [Int32], streams: Int, window: Int, _ adaptation: Adaptation, threads: Int = 1
  ) throws -> [Double] {
    let minibatches = StreamMinibatches(try StreamBatches(Column(text), streams: streams, window: window))
    let runner = AdaptiveRunner(
      model, adaptation, minibatches.capacity, workers: Workers(count: threads, processors: threads))
    var losses: [Double] = []
    try runner.run(over: minibatches) { minibatch, _, loss in
      losses += (0..<minibatch.rows).map(loss)
    }
    return losses
  }

  private static func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { $0.isFinite && $1.isFinite ? abs($0 - $1) : .infinity }.max() ?? .infinity
  }

  private static func statistics(of model: TrainedModel, _ text: [Int32], threads: Int = 1) throws -> GradientStatistics
  {
    try GradientStatistics(
      of: model, on: sequence(text), segment: 5, workers: Workers(count: threads, processors: threads)
    ) { _ in }
  }

  private static let training = text(700, seed: 1)
  private static let read = text(203, seed: 2)

  // MARK: the reference

  @Test(arguments: cases) func statisticsAreTheReferences(_ testCase: Case) throws {
    let model = testCase.model
    let expected = AdaptationReference(model.parameters).rms(of: Self.training, streams: 100, segment: 5)
    let found = try Self.statistics(of: model, Self.training)
    #expect(Set(found.tensors.map(\.name)) == Set(expected.keys))
    for tensor in found.tensors {
      #expect(relativeError(of: tensor.elements, from: expected[tensor.name] ?? []) < 1e-5, "\(tensor.name)")
    }
  }

  @Test(arguments: cases) func dynamicEvaluationIsTheReferences(_ testCase: Case) throws {
    let model = testCase.model
    let reference = AdaptationReference(model.parameters)
    let rms = reference.rms(of: Self.training, streams: 100, segment: 5)
    let before = Array(model.parameters.values.floats)
    let dynamic = DynamicEvaluation(
      rate: 0.002, decay: 0.1, epsilon: 1e-3, statistics: try Self.statistics(of: model, Self.training))
    let still = try Self.losses(model, Self.read, streams: 1, window: 5, Adaptation())
    for streams in [1, 3] {
      let found = try Self.losses(model, Self.read, streams: streams, window: 5, Adaptation(dynamic: dynamic))
      let expected = reference.losses(
        Self.read, streams: streams, segment: 5, Adaptation(dynamic: dynamic), rms: rms)
      #expect(Self.largestDifference(found, expected) < 1e-5, "\(streams) streams")
      if streams == 1 { #expect(found.reduce(0, +) < still.reduce(0, +) - 1, "it has learnt something") }
    }
    #expect(model.parameters.values.floats.elementsEqual(before), "the model itself stays")
  }

  @Test(arguments: cases) func plainSGDIsTheReferences(_ testCase: Case) throws {
    let model = testCase.model
    let adaptation = Adaptation(dynamic: DynamicEvaluation(rate: 0.2, decay: 0.05, segment: 7, statistics: nil))
    let found = try Self.losses(model, Self.read, streams: 1, window: 7, adaptation)
    let expected = AdaptationReference(model.parameters).losses(Self.read, streams: 1, segment: 7, adaptation)
    #expect(Self.largestDifference(found, expected) < 1e-5)
  }

  @Test(arguments: cases) func theCacheIsTheReferences(_ testCase: Case) throws {
    let model = testCase.model
    let reference = AdaptationReference(model.parameters)
    for (size, streams) in [(1, 1), (7, 3), (40, 1), (130, 1), (500, 2)] {
      let adaptation = Adaptation(cache: NeuralCache(size: size, theta: 0.7, weight: 0.3))
      let found = try Self.losses(model, Self.read, streams: streams, window: 37, adaptation)
      let expected = reference.losses(Self.read, streams: streams, segment: 37, adaptation)
      #expect(Self.largestDifference(found, expected) < 1e-5, "\(size) timesteps, \(streams) streams")
    }
  }

  @Test func bothTogetherAreTheReferences() throws {
    let model = Self.cases[1].model
    let reference = AdaptationReference(model.parameters)
    let adaptation = Adaptation(
      dynamic: DynamicEvaluation(rate: 0.2, decay: 0.02, statistics: nil),
      cache: NeuralCache(size: 60, theta: 0.5, weight: 0.2))
    let found = try Self.losses(model, Self.read, streams: 1, window: 5, adaptation)
    #expect(Self.largestDifference(found, reference.losses(Self.read, streams: 1, segment: 5, adaptation)) < 1e-5)
  }

  @Test func scoresAreTheReferences() throws {
    let model = Self.cases[1].model
    var encoder = LineEncoder(model.vocabulary, model.tokenization, file: "text")
    let lines = try stride(from: 0, to: 180, by: 9).map { start in
      try encoder.encode(Array(Self.read[start..<start + 9].map { "w\(max($0, 2))" }.joined(separator: " ").utf8))
    }
    let adaptation = Adaptation(
      dynamic: DynamicEvaluation(rate: 0.2, decay: 0.02, statistics: nil),
      cache: NeuralCache(size: 60, theta: 0.5, weight: 0.2))
    let scorer = Scorer(model, carriesState: true, following: adaptation, workers: Workers(count: 1))
    // Segments begin with lines, so that it doesn't matter which of them are scored at a time.
    let scores = try scorer.score(Array(lines[..<7])) + scorer.score(Array(lines[7...]))
    let expected = AdaptationReference(model.parameters).losses(
      [scorer.context] + lines.flatMap(\.tokens), streams: 1, segment: 5, adaptation)
    #expect(Self.largestDifference(scores.flatMap(\.tokenLogProbabilities), expected.map { -$0 }) < 1e-5)
  }

  // MARK: limits

  @Test(arguments: cases) func whatDoesNotMoveIsTheModelItself(_ testCase: Case) throws {
    let model = testCase.model
    let still = try Self.losses(model, Self.read, streams: 1, window: 5, Adaptation())
    let statistics = try Self.statistics(of: model, Self.training)
    for decay in [0, 0.3, 1] {
      let dynamic = DynamicEvaluation(rate: 0, decay: decay, statistics: statistics)
      #expect(try Self.losses(model, Self.read, streams: 1, window: 5, Adaptation(dynamic: dynamic)) == still)
    }
    let cache = Adaptation(cache: NeuralCache(size: 50, theta: 1, weight: 0))
    #expect(Self.largestDifference(try Self.losses(model, Self.read, streams: 1, window: 5, cache), still) < 1e-12)
  }

  @Test func ifAllStatesAreAlikeTheCacheCounts() throws {
    let adaptation = Adaptation(cache: NeuralCache(size: 20, theta: 0, weight: 0.5))
    let model = Self.cases[0].model
    let still = try Self.losses(model, Self.read, streams: 1, window: 64, Adaptation())
    let found = try Self.losses(model, Self.read, streams: 1, window: 64, adaptation)
    for t in 1..<found.count {
      let kept = Self.read[max(1, t - 19)...t]
      let share = Double(kept.count { $0 == Self.read[t + 1] }) / Double(kept.count)
      let expected = (exp(-still[t]) + share) / 2
      #expect(abs(exp(-found[t]) - expected) < 1e-6, "\(t)")
    }
  }

  // MARK: same bits

  @Test(arguments: cases) func threadsChangeNothing(_ testCase: Case) throws {
    let model = testCase.model
    func all(threads: Int) throws -> ([GradientStatistics.Tensor], [Double]) {
      let statistics = try Self.statistics(of: model, Self.training, threads: threads)
      let adaptation = Adaptation(
        dynamic: DynamicEvaluation(rate: 0.002, decay: 0.1, statistics: statistics),
        cache: NeuralCache(size: 120, theta: 0.5, weight: 0.2))
      return (
        statistics.tensors,
        try Self.losses(model, Self.read, streams: 3, window: 5, adaptation, threads: threads)
      )
    }
    let expected = try all(threads: 1)
    for threads in [2, 3] {
      let found = try all(threads: threads)
      #expect(found.0 == expected.0 && found.1 == expected.1, "\(threads) threads")
    }
  }

  @Test func windowsDoNotShowInACachesLosses() throws {
    let model = Self.cases[1].model
    let adaptation = Adaptation(cache: NeuralCache(size: 90, theta: 0.5, weight: 0.2))
    let expected = try Self.losses(model, Self.read, streams: 1, window: 202, adaptation)
    for window in [1, 5, 16, 33] {
      #expect(try Self.losses(model, Self.read, streams: 1, window: window, adaptation) == expected, "\(window)")
    }
  }

  // MARK: trouble

  @Test func divergenceIsReported() throws {
    let adaptation = Adaptation(dynamic: DynamicEvaluation(rate: 1e38, decay: 0, statistics: nil))
    #expect(throws: AdaptationError.self) {
      try Self.losses(Self.cases[0].model, Self.read, streams: 1, window: 5, adaptation)
    }
  }
}
