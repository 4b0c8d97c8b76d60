import Compute
import ModelTestSupport
import Models
import Testing

/// The program's model, run by workers, against the double-precision reference: on every instruction set, at sizes that
/// are no multiples of a vector's width and at some that are.
@Suite struct SinglePrecisionTests {
  static let cases = [
    ModelCase(.tanh, layers: 1, vocabulary: 1, embedding: 1, hidden: 1, classes: 1, streams: 1, timesteps: 1),
    ModelCase(.tanh, layers: 2, vocabulary: 5, embedding: 1, hidden: 1, classes: 5, streams: 2, timesteps: 6),
    ModelCase(.tanh, layers: 1, vocabulary: 11, embedding: 7, hidden: 13, classes: 12, streams: 5, timesteps: 9),
    ModelCase(.tanh, layers: 3, vocabulary: 97, embedding: 19, hidden: 17, classes: 95, streams: 2, timesteps: 40),
    ModelCase(.tanh, layers: 2, vocabulary: 300, embedding: 33, hidden: 70, classes: 300, streams: 33, timesteps: 7),
    ModelCase(.tanh, layers: 1, vocabulary: 64, embedding: 16, hidden: 16, classes: 96, streams: 16, timesteps: 16),
    ModelCase(.tanh, layers: 4, vocabulary: 20, embedding: 32, hidden: 33, classes: 193, streams: 17, timesteps: 3),
    ModelCase(.relu, layers: 1, vocabulary: 11, embedding: 70, hidden: 13, classes: 17, streams: 5, timesteps: 9),
    ModelCase(.relu, layers: 4, vocabulary: 200, embedding: 12, hidden: 17, classes: 192, streams: 1, timesteps: 31),
    ModelCase(.relu, layers: 2, vocabulary: 40, embedding: 17, hidden: 1, classes: 97, streams: 17, timesteps: 5),
    ModelCase(.relu, layers: 2, vocabulary: 3, embedding: 15, hidden: 70, classes: 2, streams: 33, timesteps: 4),
    ModelCase(.sigmoid, layers: 1, vocabulary: 30, embedding: 5, hidden: 1, classes: 31, streams: 2, timesteps: 19),
    ModelCase(.sigmoid, layers: 2, vocabulary: 11, embedding: 7, hidden: 13, classes: 289, streams: 5, timesteps: 9),
    ModelCase(.sigmoid, layers: 3, vocabulary: 300, embedding: 48, hidden: 16, classes: 64, streams: 17, timesteps: 8),
    ModelCase(.sigmoid, layers: 1, vocabulary: 90, embedding: 20, hidden: 70, classes: 129, streams: 3, timesteps: 25),
  ]

  /// Of a tensor's largest element: some tens of roundings of single precision.
  static let tolerance = 5e-6

  @Test(arguments: cases)
  func logitsLossesAndGradientsAreTheReferences(_ sizes: ModelCase) {
    var random = TestRandom(seed: 11)
    let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
    let state = randomState(of: sizes.shape, streams: sizes.streams, using: &random)
    let reference = TestModel(sizes.shape, streams: sizes.streams, timesteps: sizes.timesteps).reference
    let forward = reference.forward(window, from: state)
    let gradients = reference.gradients(window, forward)

    for kernels in Kernels.available {
      let test = TestModel(
        sizes.shape, streams: sizes.streams, timesteps: sizes.timesteps, workers: 2, kernels: kernels)
      test.load(window)
      test.load(state)
      Workers(count: 2).run(PhaseList(test.gradientPhases))

      let losses = (0..<window.rows).map { test.model.loss(row: $0) }
      #expect(relativeError(of: losses, from: forward.losses) < Self.tolerance, "\(kernels.name): losses")
      let mean = test.model.lossSum / Double(test.model.minibatch.targetCount)
      #expect(abs(mean - forward.loss) <= 1e-6 * forward.loss, "\(kernels.name): loss")
      for (name, found) in test.gradientMatrices {
        let expected = gradients[name]?.values ?? []
        #expect(relativeError(of: found.values, from: expected) < Self.tolerance, "\(kernels.name): \(name)")
      }
      #expect(test.gradientPaddingIsZero, "\(kernels.name): padding of the gradients")
      // Asked for last: logits are computed in memory that the gradients were in.
      #expect(relativeError(of: test.logits, from: forward.logits.values) < Self.tolerance, "\(kernels.name): logits")
    }
  }
}
