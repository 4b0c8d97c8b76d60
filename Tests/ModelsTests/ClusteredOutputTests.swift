import Compute
import Foundation
import ModelTestSupport
import Models
import Testing

/// Output layers in two steps: exact distributions with exact gradients, the same bits however the work is cut.
@Suite struct ClusteredOutputTests {
  struct Case: Sendable, CustomStringConvertible {
    var output: OutputKind
    var vocabulary = 23
    var hidden = 21
    var description: String { "\(output) of \(vocabulary), hidden \(hidden)" }

    var shape: ModelShape {
      var shape = ModelShape(
        vocabulary: vocabulary, embedding: 7, cell: .lstm, hidden: hidden, layers: 1, classes: vocabulary)
      shape.output = output
      return shape
    }
  }

  static let cases = [
    Case(output: .wordClasses(1)),
    Case(output: .wordClasses(5)),
    Case(output: .wordClasses(1000)),
    Case(output: .wordClasses(18), vocabulary: 310, hidden: 32),
    Case(output: .wordClasses(3), vocabulary: 1),
    Case(output: .adaptive(cutoffs: [], divValue: 4)),
    Case(output: .adaptive(cutoffs: [4, 9], divValue: 2)),
    Case(output: .adaptive(cutoffs: [1, 2, 22], divValue: 4)),
    Case(output: .adaptive(cutoffs: [20, 120], divValue: 1), vocabulary: 310, hidden: 32),
    // The second cluster's inputs are narrower by a panel.
    Case(output: .adaptive(cutoffs: [16, 120], divValue: 1.9), vocabulary: 310, hidden: 61),
  ]

  @Test(arguments: cases, OutputTest.lengths)
  func everythingIsTheReferences(_ sizes: Case, lengths: [Int]) {
    let (model, sentences) = OutputTest.model(sizes.shape, lengths)
    let expected = NetworkReference(shape: sizes.shape, parameters: model.matrices(model.parameters.values))
      .results(sentences)
    for kernels in Kernels.available {
      let (test, _) = OutputTest.model(sizes.shape, lengths, workers: 3, kernels: kernels, logitsBound: 0)
      Workers(count: 2).run(PhaseList(test.gradientPhases))
      let rows = 0..<test.model.minibatch.rows
      let error = relativeError(of: rows.map(test.model.loss), from: expected.losses)
      #expect(error < NetworkTests.tolerance, "\(kernels.name): losses")
      let mean = test.model.lossSum / Double(test.model.minibatch.targetCount)
      #expect(abs(mean - expected.loss) <= 1e-6 * expected.loss, "\(kernels.name): loss")
      for (name, found) in test.gradientMatrices {
        // The gradient of a softmax over one class is a difference that leaves no digits.
        let error = relativeError(of: found.values + [1], from: (expected.gradients[name] ?? []) + [1])
        #expect(error < NetworkTests.tolerance, "\(kernels.name): \(name)")
      }
      #expect(test.gradientPaddingIsZero, "\(kernels.name): padding of the gradients")
      #expect(rows.map { Int(test.model.prediction(row: $0)) } == expected.predictions, "\(kernels.name): predictions")
      let logits = test.logits
      #expect(relativeError(of: logits, from: expected.logits) < NetworkTests.tolerance, "\(kernels.name): logits")
    }
  }

  @Test(arguments: cases)
  func probabilitiesSumToOneAndAreWhatLossesMeasure(_ sizes: Case) {
    let (test, sentences) = OutputTest.model(sizes.shape, OutputTest.lengths[0])
    Workers(count: 1).run(PhaseList(test.model.forwardPhases() + test.model.lossPhases()))
    let losses = (0..<test.model.minibatch.rows).map(test.model.loss)
    let logits = test.logits
    for (row, (timestep, sequence)) in sentences.rows.enumerated() {
      let probabilities = logits[row * sizes.vocabulary..<(row + 1) * sizes.vocabulary].map { exp(Double($0)) }
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5)
      if let target = sentences.sequences[sequence][timestep].target {
        #expect(abs(-log(probabilities[target]) - losses[row]) < 1e-5)
      }
    }
  }

  @Test(arguments: cases, SameBitsTests.workerCounts)
  func anyNumberOfWorkersAndRoundsOnAnyInstructionSet(_ sizes: Case, workers: Int) {
    OutputTest.expectSameBits(sizes.shape, workers: workers)
  }

  @Test func wordClassesAreRangesThatGrowWithRarity() throws {
    var shape = Case(output: .wordClasses(100), vocabulary: 10_000).shape
    let tokens = try #require(shape.clusters).clusters.map(\.tokens)
    #expect(tokens.count == 100)
    #expect(tokens.first?.lowerBound == 0 && tokens.last?.upperBound == 10_000)
    #expect(zip(tokens, tokens.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound && !$0.isEmpty })
    // The square roots of Zipf's frequencies add up like the square root of the rank.
    #expect((190...205).contains(tokens[98].count) && tokens[10].count < 30)
    shape.output = .wordClasses(20_000)
    #expect(try #require(shape.clusters).clusters.map(\.tokens) == (0..<10_000).map { $0..<$0 + 1 })
  }
}
