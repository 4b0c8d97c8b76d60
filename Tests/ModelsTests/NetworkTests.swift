import Compute
import ModelTestSupport
import Models
import Testing

/// Every kind of network that the program can train against the double-precision reference, on every instruction set.
@Suite struct NetworkTests {
  /// Of a tensor's largest element: some tens of roundings of single precision.
  static let tolerance = 5e-6
  static let step = 3

  @Test(arguments: zip(NetworkCase.covering.indices, NetworkCase.covering))
  func everythingIsTheReferences(number: Int, sizes: NetworkCase) {
    let workers = number % 4 < 2 ? 1 : 5
    let (model, sentences, states) = Self.loadedModel(sizes, workers: workers, kernels: Kernels.available[0])
    let reference = NetworkReference(
      shape: sizes.shape, parameters: model.matrices(model.parameters.values), dropout: sizes.dropout,
      penalties: sizes.penalties)
    let expected = reference.results(sentences, from: states, step: Self.step)

    for kernels in Kernels.available {
      let (test, _, _) = Self.loadedModel(sizes, workers: workers, kernels: kernels)
      Workers(count: 2).run(PhaseList(test.gradientPhases))

      let rows = 0..<test.model.minibatch.rows
      #expect(
        relativeError(of: rows.map(test.model.loss), from: expected.losses) < Self.tolerance,
        "\(kernels.name): losses")
      #expect(rows.map { Int(test.model.prediction(row: $0)) } == expected.predictions, "\(kernels.name): predictions")
      let mean = test.model.lossSum / Double(test.model.minibatch.targetCount)
      #expect(abs(mean - expected.loss) <= 1e-6 * expected.loss, "\(kernels.name): loss")
      for (name, found) in test.gradientMatrices {
        let error = relativeError(of: found.values, from: expected.gradients[name] ?? [])
        #expect(error < Self.tolerance, "\(kernels.name): \(name)")
      }
      #expect(test.gradientPaddingIsZero, "\(kernels.name): padding of the gradients")
      #expect(test.paddingIsZero(test.parameters.values), "\(kernels.name): padding of the parameters")
      // Asked for last: logits are computed in memory that the gradients were in.
      #expect(relativeError(of: test.logits, from: expected.logits) < Self.tolerance, "\(kernels.name): logits")
    }
  }

  /// A model with a minibatch. It has had another one before, a larger one where it may: nothing of that may be left.
  private static func loadedModel(
    _ sizes: NetworkCase, workers: Int, kernels: Kernels
  ) -> (TestModel, Sentences, states: [String: Matrix]) {
    var random = TestRandom(seed: 12)
    let lengths = sizes.carriesState ? sizes.lengths : sizes.lengths.map { $0 + 2 } + [2, 1]
    let test = TestModel(
      sizes.shape, lengths: lengths, dropout: sizes.dropout, penalties: sizes.penalties,
      carriesState: sizes.carriesState, workers: workers,
      kernels: kernels)
    test.load(Sentences(lengths: lengths, of: sizes.shape, using: &random), step: step - 1)
    Workers(count: 1).run(PhaseList(test.gradientPhases))
    let sentences = Sentences(lengths: sizes.lengths, of: sizes.shape, using: &random)
    test.load(sentences, step: step)
    return (test, sentences, test.loadRandomStates(using: &random))
  }
}
