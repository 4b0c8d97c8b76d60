import Compute
import ModelTestSupport
import Models
import Testing

/// Models and minibatches that output layers are tested on.
enum OutputTest {
  /// Ragged sequences, then some with more rows than 128, below which there is but one block of logits.
  static let lengths = [[9, 8, 8, 5, 4, 4, 4, 2, 1, 1], [Int](repeating: 13, count: 21)]
  static let step = 3

  /// A model whose minibatch before was larger and had other targets: nothing of that may be left.
  static func model(
    _ shape: ModelShape, _ lengths: [Int], _ rates: DropoutRates = DropoutRates(), workers: Int = 1,
    kernels: Kernels = Kernels.available[0], logitsBound: Int = SequenceModel.logitsBound
  ) -> (TestModel, Sentences) {
    var random = TestRandom(seed: 40)
    let before = lengths.map { $0 + 1 } + [1]
    let test = TestModel(
      shape, lengths: before, dropout: rates, carriesState: false, workers: workers, kernels: kernels,
      logitsBound: logitsBound)
    test.load(Sentences(lengths: before, of: shape, using: &random), step: step - 1)
    Workers(count: workers).run(PhaseList(test.gradientPhases))
    let sentences = Sentences(lengths: lengths, of: shape, using: &random)
    test.load(sentences, step: step)
    return (test, sentences)
  }

  /// Expects gradients and losses to be the same however finely they are cut, in one block of logits or several, on
  /// every instruction set.
  static func expectSameBits(_ shape: ModelShape, _ rates: DropoutRates = DropoutRates(), workers: Int) {
    func snapshot(workers: Int, kernels: Kernels, logitsBound: Int) -> Snapshot {
      let (test, _) = model(
        shape, lengths[1], rates, workers: workers, kernels: kernels, logitsBound: logitsBound)
      Workers(count: workers).run(PhaseList(test.gradientPhases))
      return test.snapshot
    }
    let expected = snapshot(workers: 1, kernels: Kernels.available[0], logitsBound: SequenceModel.logitsBound)
    for kernels in Kernels.available {
      for logitsBound in [0, SequenceModel.logitsBound] {
        let found = snapshot(workers: workers, kernels: kernels, logitsBound: logitsBound)
        #expect(found.differences(from: expected) == [], "\(kernels.name), bound \(logitsBound)")
      }
    }
  }
}
