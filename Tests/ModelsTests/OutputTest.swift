import Compute
import ModelTestSupport
import Models
import Testing

/// A kind of output layer and its sizes, with a line that says them.
struct OutputCase: Sendable, CustomStringConvertible {
  var output: any OutputKind
  var vocabulary = 23
  var hidden = 21
  /// Whether the embedding is the layer's weight.
  var isTied = false
  var description: String { "\(output) of \(vocabulary), hidden \(hidden)\(isTied ? ", tied" : "")" }

  /// The output layer behind an LSTM.
  var shape: ModelShape {
    var shape = ModelShape(
      vocabulary: vocabulary, embedding: isTied ? hidden : 7, cell: .lstm, hidden: hidden, layers: 1,
      classes: vocabulary)
    shape.output = output
    shape.tiesEmbeddings = isTied
    return shape
  }
}

/// Models and minibatches that output layers are tested on, and what is expected of every one.
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

  /// Expects losses, gradients and logits to be the reference's on every instruction set, in blocks of logits.
  ///
  /// - Parameters:
  ///   - lossScale: numbers beside the losses, which their error is relative to as well.
  ///   - body: expects more of each model.
  static func expectReference(
    _ shape: ModelShape, _ lengths: [Int], _ rates: DropoutRates = DropoutRates(), lossScale: [Double] = [],
    body: (_ test: TestModel, _ expected: NetworkReference.Results, _ kernels: String) -> Void = { _, _, _ in }
  ) {
    let (model, sentences) = model(shape, lengths, rates)
    let expected = NetworkReference(
      shape: shape, parameters: model.matrices(model.parameters.values), dropout: rates
    ).results(sentences, step: step)
    for kernels in Kernels.available {
      let (test, _) = self.model(shape, lengths, rates, workers: 3, kernels: kernels, logitsBound: 0)
      Workers(count: 2).run(PhaseList(test.gradientPhases))
      let losses = (0..<test.model.minibatch.rows).map(test.model.loss)
      #expect(
        relativeError(of: losses + lossScale, from: expected.losses + lossScale) < NetworkTests.tolerance,
        "\(kernels.name): losses")
      for (name, found) in test.gradientMatrices {
        // The gradient of a softmax over one class is a difference that leaves no digits.
        let error = relativeError(of: found.values + [1], from: (expected.gradients[name] ?? []) + [1])
        #expect(error < NetworkTests.tolerance, "\(kernels.name): \(name)")
      }
      #expect(test.gradientPaddingIsZero, "\(kernels.name): padding of the gradients")
      body(test, expected, kernels.name)
      #expect(relativeError(of: test.logits, from: expected.logits) < NetworkTests.tolerance, "\(kernels.name): logits")
    }
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
