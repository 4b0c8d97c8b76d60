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
      let bound = 1 / Double(Self.shape.units[0]).squareRoot()
      let expected = parameter.role == .embedding ? 1 : bound * bound / 3
      // Four standard errors; those of a variance are smaller for the uniform distribution than for the normal one.
      #expect(abs(mean) < 4 * (expected / count).squareRoot(), "\(parameter.name): mean \(mean)")
      #expect(abs(variance / expected - 1) < 4 * (2 / count).squareRoot(), "\(parameter.name): variance \(variance)")
      if parameter.role != .embedding {
        #expect(values.allSatisfy { abs($0) <= bound * (1 + 1e-7) }, "\(parameter.name)")
      }
    }
  }

  /// PyTorch's own bounds, of the calls of `uniform_` that made each parameter (PyTorch 2.13):
  ///
  ///     bounds, uniform = {}, torch.Tensor.uniform_
  ///     def record(tensor, low, high, **rest):
  ///         assert low == -high
  ///         bounds[tensor.data_ptr()] = high
  ///         return uniform(tensor, low, high, **rest)
  ///     torch.Tensor.uniform_ = record
  ///     for module in [nn.LSTM(40, 30, num_layers=2, bidirectional=True), nn.Linear(2 * 30, 70), nn.GRU(40, 48),
  ///                    nn.AdaptiveLogSoftmaxWithLoss(48, 900, cutoffs=[60, 200], div_value=4)]:
  ///         for name, parameter in module.named_parameters():
  ///             print(name, bounds[parameter.data_ptr()])
  @Test func everyTensorIsWithinPyTorchsBound() {
    var tagger = ModelShape(vocabulary: 20, embedding: 40, cell: .lstm, hidden: 30, layers: 2, classes: 70)
    tagger.isBidirectional = true
    expect(tagger, within: ["rnn.": 0.18257418583505536, "decoder.": 0.12909944487358055])
    var classes = tagger
    classes.output = WordClasses(8)
    expect(classes, within: ["rnn.": 0.18257418583505536, "decoder.": 0.12909944487358055])
    var adaptive = ModelShape(vocabulary: 20, embedding: 40, cell: .gru, hidden: 48, layers: 1, classes: 900)
    adaptive.output = AdaptiveSoftmax(cutoffs: [60, 200], divValue: 4)
    expect(
      adaptive,
      within: [
        "rnn.": 0.14433756729740646, "decoder.head.weight": 0.14433756729740643,
        "decoder.tail.0.0.weight": 0.14433756729740643, "decoder.tail.0.1.weight": 0.28867513459481287,
        "decoder.tail.1.0.weight": 0.14433756729740643, "decoder.tail.1.1.weight": 0.5773502691896257,
      ])
    // A linear layer of 40 inputs, whose weight is the embedding: 1 / sqrt(40).
    var tied = ModelShape(vocabulary: 70, embedding: 40, cell: .elman(.tanh), hidden: 40, layers: 1, classes: 70)
    tied.tiesEmbeddings = true
    expect(tied, within: ["": 0.15811388300841897])
  }

  /// - Parameter bounds: by the beginnings of names.
  private func expect(_ shape: ModelShape, within bounds: [String: Double]) {
    let parameters = Parameters(shape, kernels: Kernels.available[0])
    parameters.initialize(seed: 5)
    for parameter in parameters.layout.parameters {
      guard let bound = bounds.first(where: { parameter.name.hasPrefix($0.key) })?.value else {
        #expect(parameter.role == .embedding, "\(parameter.name)")
        continue
      }
      let values = parameters.layout.elements(of: parameter, in: parameters.values)
      let largest = values.map { abs(Double($0)) }.max() ?? 0
      #expect(largest <= bound * (1 + 1e-7), "\(parameter.name): \(largest) of \(bound)")
      // The largest of many numbers is near the bound.
      #expect(largest > (values.count < 50 ? 0.5 : 0.9) * bound, "\(parameter.name): \(largest) of \(bound)")
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

/// What a configuration may ask for instead.
@Suite struct InitializationSettingsTests {
  /// Tensors by name after `change` was made to the usual settings.
  private static func tensors(
    _ cell: any CellKind, kernels: Kernels = Kernels.available[0], _ change: (inout Initialization) -> Void
  ) -> (layout: ParameterLayout, values: [String: [Float]]) {
    var shape = ModelShape(vocabulary: 30, embedding: 19, cell: cell, hidden: 21, layers: 2, classes: 11)
    shape.isBidirectional = true
    shape.characters = ModelShape.Characters(vocabulary: 9, embedding: 5, hidden: 6)
    var initialization = Initialization()
    change(&initialization)
    let parameters = Parameters(shape, kernels: kernels)
    parameters.initialize(seed: 3, initialization)
    let values = parameters.layout.parameters.map {
      ($0.name, parameters.layout.elements(of: $0, in: parameters.values))
    }
    return (parameters.layout, Dictionary(uniqueKeysWithValues: values))
  }

  @Test(arguments: everyCell)
  func glorotsBoundIsThatOfEachGateAndBiasesAreZero(_ cell: any CellKind) {
    let (layout, values) = Self.tensors(cell) {
      $0.weights = .glorot
      $0.recurrent = .glorot
    }
    for parameter in layout.parameters where parameter.role != .embedding {
      let found = values[parameter.name] ?? []
      guard parameter.shape.count == 2 else {
        #expect(found.allSatisfy { $0 == 0 }, "\(parameter.name)")
        continue
      }
      let bound = (6 / Double(parameter.shape[0] / parameter.gates + parameter.shape[1])).squareRoot()
      let largest = found.map { abs(Double($0)) }.max() ?? 0
      // The largest of so many numbers is near the bound, but never past it.
      #expect(largest <= bound * (1 + 1e-7) && largest > 0.9 * bound, "\(parameter.name)")
    }
  }

  @Test(arguments: everyCell, [Initialization.RecurrentWeights.orthogonal, .identity])
  func eachGatesRecurrentWeightIsOrthogonal(_ cell: any CellKind, kind: Initialization.RecurrentWeights) {
    let (layout, values) = Self.tensors(cell) { $0.recurrent = kind }
    var gates: [[Float]] = []
    for parameter in layout.parameters where parameter.role == .recurrentWeight {
      let (size, found) = (parameter.shape[1], values[parameter.name] ?? [])
      for first in stride(from: 0, to: found.count, by: size * size) {
        let gate = Array(found[first..<first + size * size])
        gates.append(gate)
        func product(_ i: Int, _ j: Int) -> Double {
          (0..<size).reduce(0) { $0 + Double(gate[i * size + $1]) * Double(gate[j * size + $1]) }
        }
        for i in 0..<size {
          for j in 0..<size { #expect(abs(product(i, j) - (i == j ? 1 : 0)) < 1e-6, "\(parameter.name)") }
          #expect(kind != .identity || gate[i * size + i] == 1, "\(parameter.name)")
        }
      }
    }
    #expect(gates.count == 6 * cell.gates.count)
    #expect(kind == .identity || Set(gates).count == gates.count, "every gate has a matrix of its own")
  }

  @Test func theForgetBiasIsAddedToForgetGatesAlone() {
    for (cell, gate) in [(.lstm, 1), (.cifg, 0)] as [(any CellKind, Int)] {
      let (layout, before) = Self.tensors(cell) { _ in }
      let (_, after) = Self.tensors(cell) { $0.forgetBias = 1.5 }
      for parameter in layout.parameters {
        let units = parameter.shape[0] / parameter.gates
        let forget = parameter.role == .recurrentBias ? gate * units..<(gate + 1) * units : 0..<0
        let expected = (before[parameter.name] ?? []).enumerated().map { forget.contains($0) ? $1 + 1.5 : $1 }
        #expect(after[parameter.name] == expected, "\(cell) \(parameter.name)")
      }
    }
    let gru = Self.tensors(.gru) { _ in }.values
    #expect(Self.tensors(.gru) { $0.forgetBias = 1.5 }.values == gru, "a GRU has no forget gate")
  }

  @Test(arguments: Initialization.RecurrentWeights.allCases)
  func sameBitsOnEveryInstructionSet(_ kind: Initialization.RecurrentWeights) {
    let expected = Self.tensors(.gru) { $0.recurrent = kind }.values
    for kernels in Kernels.available {
      #expect(Self.tensors(.gru, kernels: kernels) { $0.recurrent = kind }.values == expected, "\(kernels.name)")
    }
  }
}
