import Compute
import ModelTestSupport
import Models
import Testing

/// First values: a pure function of the seed, with the moments that PyTorch's modules start from.
@Suite struct InitializationTests {
  static let shape = ModelShape(
    vocabulary: 300, embedding: 50, cell: .elman(.tanh), hidden: 90, layers: 2, classes: 310)

  private func parameters(seed: UInt64, kernels: Kernels = Kernels.available[0]) -> Parameters {
    let parameters = Parameters(Self.shape, kernels: kernels)
    parameters.initialize(seed: seed)
    return parameters
  }

  @Test func sameSeedSameBitsOnEveryInstructionSet() {
    func snapshot(_ kernels: Kernels) -> Snapshot {
      var snapshot = Snapshot()
      snapshot.add("parameters", parameters(seed: 7, kernels: kernels).values)
      return snapshot
    }
    for kernels in Kernels.available {
      #expect(snapshot(kernels).differences(from: snapshot(Kernels.available[0])) == [], "\(kernels.name)")
    }
  }

  @Test func everyTensorDependsOnTheSeedAndIsItsOwn() {
    let (one, other) = (parameters(seed: 7), parameters(seed: 7 + 1 << 32))
    var seen: Set<[Float]> = []
    for parameter in one.layout.parameters {
      let values = one.layout.elements(of: parameter, in: one.values)
      #expect(values != other.layout.elements(of: parameter, in: other.values), "\(parameter.name)")
      #expect(seen.insert(Array(values.prefix(90))).inserted, "\(parameter.name) repeats another tensor's numbers")
    }
  }

  @Test func embeddingsAreNormalAndTheRestUniformWithinTheBound() {
    let parameters = parameters(seed: 1)
    for parameter in parameters.layout.parameters {
      let values = parameters.layout.elements(of: parameter, in: parameters.values).map(Double.init)
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      let bound = 1 / Double(Self.shape.hidden).squareRoot()
      let expected = parameter.role == .embedding ? 1 : bound * bound / 3
      // Four standard errors; those of a variance are smaller for the uniform distribution than for the normal one.
      #expect(abs(mean) < 4 * (expected / count).squareRoot(), "\(parameter.name): mean \(mean)")
      #expect(abs(variance / expected - 1) < 4 * (2 / count).squareRoot(), "\(parameter.name): variance \(variance)")
      if parameter.role != .embedding {
        #expect(values.allSatisfy { abs($0) <= bound * (1 + 1e-7) }, "\(parameter.name)")
      }
    }
  }

  @Test func paddingIsZero() {
    let test = TestModel(Self.shape, streams: 1, timesteps: 1, seed: 2)
    #expect(test.paddingIsZero(test.parameters.values))
  }

  @Test func parametersHavePyTorchsNamesAndShapes() {
    let shapes = parameters(seed: 0).layout.parameters.map { "\($0.name) \($0.shape)" }
    #expect(
      shapes == [
        "embedding.weight [300, 50]",
        "rnn.weight_ih_l0 [90, 50]", "rnn.weight_hh_l0 [90, 90]", "rnn.bias_ih_l0 [90]",
        "rnn.weight_ih_l1 [90, 90]", "rnn.weight_hh_l1 [90, 90]", "rnn.bias_ih_l1 [90]",
        "decoder.weight [310, 90]", "decoder.bias [310]",
      ])
  }

  @Test func elementsComeBackAsTheyWerePut() {
    let parameters = Parameters(Self.shape, kernels: Kernels.available[0])
    let layout = parameters.layout
    for (index, parameter) in layout.parameters.enumerated() {
      let values = (0..<parameter.elementCount).map { Float($0 + index * 100_000) }
      layout.setElements(of: parameter, in: parameters.values, to: values)
    }
    for (index, parameter) in layout.parameters.enumerated() {
      let values = (0..<parameter.elementCount).map { Float($0 + index * 100_000) }
      #expect(layout.elements(of: parameter, in: parameters.values) == values, "\(parameter.name)")
    }
    #expect(layout.elementCount == 300 * 50 + 90 * (50 + 90 + 1) + 90 * (90 + 90 + 1) + 310 * 91)
  }
}
