import ModelTestSupport
import Models
import Testing

/// The yardstick itself: its backpropagation through time against what the gradient is by definition, and against the
/// explicit double sum over t and k.
@Suite struct ReferenceTests {
  static let cases: [ModelCase] = Activation.allCases.flatMap { activation in
    [1, 2, 4].map {
      ModelCase(
        activation, layers: $0, vocabulary: 7, embedding: 3, hidden: 4, classes: 6, streams: 2, timesteps: 5)
    }
  }

  @Test(arguments: cases)
  func everyGradientIsTheCentralDifference(_ sizes: ModelCase) {
    let (reference, window, state) = Self.example(sizes, seed: 58)
    let forward = reference.forward(window, from: state)
    let closest = forward.preactivations.joined().flatMap(\.values).reduce(.infinity) { min($0, abs($1)) }
    #expect(closest > 1e-3 || reference.activation != .relu, "a kink is too near for a difference")

    for (name, gradient) in reference.gradients(window, forward) {
      var differences: [Double] = []
      for index in gradient.values.indices {
        func loss(_ step: Double) -> Double {
          var moved = reference
          moved.parameters[name]?.values[index] += step
          return moved.forward(window, from: state).loss
        }
        // Of fourth order: with steps this long, rounding counts for little.
        let step = 1e-4
        differences.append((8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step))
      }
      #expect(relativeError(of: gradient.values, from: differences) < 1e-6, "\(name)")
    }
  }

  @Test(arguments: Activation.allCases)
  func backpropagationThroughTimeIsTheDoubleSum(_ activation: Activation) {
    let sizes = ModelCase(
      activation, layers: 1, vocabulary: 7, embedding: 3, hidden: 5, classes: 6, streams: 3, timesteps: 11)
    let (reference, window, state) = Self.example(sizes, seed: 4)
    let explicit = reference.explicitGradients(window, from: state)
    for (name, gradient) in reference.gradients(window, reference.forward(window, from: state)) {
      #expect(relativeError(of: gradient.values, from: explicit[name]?.values ?? []) < 1e-13, "\(name)")
    }
  }

  private static func example(_ sizes: ModelCase, seed: UInt64) -> (ElmanReference, Window, [Matrix]) {
    var random = TestRandom(seed: seed)
    let model = TestModel(sizes.shape, streams: sizes.streams, timesteps: sizes.timesteps, seed: seed)
    let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
    return (model.reference, window, randomState(of: sizes.shape, streams: sizes.streams, using: &random))
  }
}
