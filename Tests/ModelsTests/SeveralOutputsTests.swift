import Compute
import ModelTestSupport
import Models
import Testing

/// Several output layers over the same hidden states, as a tagger of several columns has them.
@Suite struct SeveralOutputsTests {
  private static let classes = [19, 5, 33]
  private static let weights = [1, 0.25, 2.5]
  private static let lengths = [9, 8, 8, 5, 4, 4, 4, 2, 1, 1]

  private static func shape(_ output: any OutputKind) -> ModelShape {
    var shape = NetworkCase(.lstm, layers: 2, isBidirectional: true, .ragged, [.residual, .characters]).shape
    (shape.classes, shape.furtherClasses, shape.output) = (classes[0], Array(classes.dropFirst()), output)
    return shape
  }

  /// A model whose minibatch before was a larger one. Each output layer has targets of its own, masked in other places.
  private static func model(
    _ shape: ModelShape, workers: Int, kernels: Kernels = Kernels.available[0],
    logitsBound: Int = SequenceModel.logitsBound
  ) -> (TestModel, [Sentences]) {
    let before = lengths.map { $0 + 1 } + [1]
    let test = TestModel(
      shape, lengths: before, dropout: DropoutRates(), lossWeights: weights, carriesState: false, workers: workers,
      kernels: kernels, logitsBound: logitsBound)
    for (step, lengths) in [before, lengths].enumerated() {
      var random = TestRandom(seed: UInt64(70 + step))
      let first = Sentences(lengths: lengths, of: shape, using: &random)
      let all =
        [first]
        + classes.dropFirst().map { count in
          var shape = shape
          shape.classes = count
          let targets = Sentences(lengths: lengths, of: shape, using: &random)
          return Sentences(
            sequences: zip(first.sequences, targets.sequences).map { first, targets in
              zip(first, targets).map { Sentences.Token(id: $0.id, form: $0.form, target: $1.target) }
            }, spellings: first.spellings)
        }
      test.load(all[0], further: Array(all.dropFirst()), step: step + 1)
      Workers(count: workers).run(PhaseList(test.gradientPhases))
      if step == 1 { return (test, all) }
    }
    preconditionFailure("there are two minibatches")
  }

  private static func name(_ parameter: String, ofOutput index: Int) -> String {
    index == 0 ? parameter : parameter.replacing("decoder.", with: "decoder_\(index).")
  }

  /// What is minimized is the sum over the output layers of their weights times their losses, over the words that have a
  /// target in any of them: so are the gradients, by the reference of each layer alone.
  @Test(arguments: [Softmax(), ConditionalRandomField()] as [any OutputKind])
  func gradientsAreTheWeightedSumOfTheReferences(output: any OutputKind) {
    let whole = Self.shape(output)
    for kernels in Kernels.available {
      let (test, sentences) = Self.model(whole, workers: 3, kernels: kernels, logitsBound: 0)
      let words = sentences[0].rows.count { place in
        sentences.contains { $0.sequences[place.sequence][place.timestep].target != nil }
      }
      #expect(test.model.minibatch.targetCount == words && words > sentences[0].targetCount)
      let parameters = test.matrices(test.parameters.values)
      var expected: [String: [Double]] = [:]
      var loss = 0.0
      for (index, sentences) in sentences.enumerated() {
        var shape = whole
        (shape.classes, shape.furtherClasses) = (Self.classes[index], [])
        var own = parameters.filter { !$0.key.hasPrefix("decoder") }
        for (name, matrix) in parameters where name.hasPrefix(Self.name("decoder.", ofOutput: index)) {
          own[name.replacing("decoder_\(index).", with: "decoder.")] = matrix
        }
        let results = NetworkReference(shape: shape, parameters: own).results(sentences)
        let scale = Self.weights[index] * Double(sentences.targetCount) / Double(words)
        loss += scale * results.loss
        for (name, gradient) in results.gradients {
          let name = Self.name(name, ofOutput: index)
          let sum = expected[name] ?? gradient.map { _ in 0 }
          expected[name] = zip(sum, gradient).map { $0 + scale * $1 }
        }
        let rows = 0..<test.model.minibatch.rows
        let predictions = rows.map { Int(test.model.prediction(row: $0, output: index)) }
        #expect(predictions == results.predictions, "\(kernels.name): predictions of \(index)")
        let sumOfLosses = results.losses.reduce(0, +)
        #expect(abs(test.model.lossSum(ofOutput: index) - sumOfLosses) < 1e-5 * sumOfLosses, "\(kernels.name)")
      }
      #expect(abs(test.model.lossSum / Double(words) - loss) < 1e-6 * loss, "\(kernels.name): loss")
      let gradients = test.gradientMatrices
      #expect(Set(gradients.keys) == Set(expected.keys))
      for (name, found) in gradients {
        let error = relativeError(of: found.values, from: expected[name] ?? [])
        #expect(error < NetworkTests.tolerance, "\(kernels.name): \(name)")
      }
      #expect(test.gradientPaddingIsZero)
    }
  }

  @Test(arguments: [2, 5], [Softmax(), ConditionalRandomField()] as [any OutputKind])
  func anyNumberOfWorkersOnAnyInstructionSet(workers: Int, output: any OutputKind) {
    let shape = Self.shape(output)
    func snapshot(_ test: TestModel) -> Snapshot {
      var snapshot = test.snapshot
      for output in Self.classes.indices { snapshot.add("losses \(output)", [test.model.lossSum(ofOutput: output)]) }
      return snapshot
    }
    let expected = snapshot(Self.model(shape, workers: 1).0)
    for kernels in Kernels.available {
      let found = snapshot(Self.model(shape, workers: workers, kernels: kernels, logitsBound: 0).0)
      #expect(found.differences(from: expected) == [], "\(kernels.name)")
    }
  }

  @Test func aSingleOutputLayerKeepsItsNames() {
    var shape = Self.shape(.softmax)
    shape.furtherClasses = []
    let names = ParameterLayout(shape).parameters.map(\.name).filter { $0.hasPrefix("decoder") }
    #expect(names == ["decoder.weight", "decoder.bias"])
    let more = ParameterLayout(Self.shape(.softmax))
    #expect(
      more.parametersOfOutputs.map { $0.map { more.parameters[$0].name } } == [
        names, ["decoder_1.weight", "decoder_1.bias"], ["decoder_2.weight", "decoder_2.bias"],
      ])
  }
}
