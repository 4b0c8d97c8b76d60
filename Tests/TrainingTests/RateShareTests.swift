import Compute
import ModelTestSupport
import Models
import Optimizers
import Testing

/// Parameters that go at a share of the learning rate do what they would do at that rate, and no other does anything else.
@Suite struct RateShareTests {
  private static let optimizers: [any Optimizer] = [SGD(), Adam(.coupled), Adam(.decoupled), Lion()]
  private static let (rate, share) = (0.04, 0.25)

  /// All parameters after a step.
  ///
  /// - Parameter shares: whether readers go at a share of the rate.
  private static func updated(_ optimizer: any Optimizer, rate: Double, shares: Bool, sparse: Bool) -> [String: [Float]]
  {
    let sizes = NetworkCase(.gru, layers: 1, isBidirectional: true, .ragged, [.readers])
    var random = TestRandom(seed: 2)
    let test = TestModel(sizes.shape, lengths: sizes.lengths, dropout: DropoutRates(), carriesState: false)
    let layout = test.parameters.layout
    let handles = layout.parameters[layout.parametersOfReaders].map(\.handle)
    let step = OptimizerStep(
      optimizer, clipNorm: 0, sparse: sparse,
      rates: shares ? RateShares(Dictionary(uniqueKeysWithValues: handles.map { ($0, share) }), of: layout) : nil,
      parameters: test.parameters, gradients: test.gradients)
    test.load(Sentences(lengths: sizes.lengths, of: sizes.shape, using: &random))
    step.prepare(step: 1, learningRate: rate)
    Workers(count: 1).run(PhaseList(test.gradientPhases + step.squarePhases() + step.updatePhases()))
    return test.tensors
  }

  @Test(arguments: optimizers.map(\.name), [false, true])
  func eachGoesAtItsOwnRate(optimizer name: String, sparse: Bool) throws {
    let optimizer = try #require(Self.optimizers.first { $0.name == name })
    let whole = Self.updated(optimizer, rate: Self.rate, shares: false, sparse: sparse)
    let slow = Self.updated(optimizer, rate: Self.rate * Self.share, shares: false, sparse: sparse)
    let found = Self.updated(optimizer, rate: Self.rate, shares: true, sparse: sparse)
    #expect(found.keys.contains { $0.hasPrefix("reader.") } && found.keys.contains { !$0.hasPrefix("reader.") })
    for (name, values) in found {
      let (own, other) = name.hasPrefix("reader.") ? (slow, whole) : (whole, slow)
      #expect(values == own[name] && values != other[name], "\(name)")
    }
  }
}
