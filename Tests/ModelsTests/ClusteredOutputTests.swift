import Compute
import Foundation
import ModelTestSupport
import Models
import Testing

/// Output layers in two steps: exact distributions with exact gradients, the same bits however the work is cut.
@Suite struct ClusteredOutputTests {
  static let cases = [
    OutputCase(output: .wordClasses(1)),
    OutputCase(output: .wordClasses(5)),
    OutputCase(output: .wordClasses(1000)),
    OutputCase(output: .wordClasses(18), vocabulary: 310, hidden: 32),
    OutputCase(output: .wordClasses(3), vocabulary: 1),
    OutputCase(output: .adaptive(cutoffs: [], divValue: 4)),
    OutputCase(output: .adaptive(cutoffs: [4, 9], divValue: 2)),
    OutputCase(output: .adaptive(cutoffs: [1, 2, 22], divValue: 4)),
    OutputCase(output: .adaptive(cutoffs: [20, 120], divValue: 1), vocabulary: 310, hidden: 32),
    // The second cluster's inputs are narrower by a panel.
    OutputCase(output: .adaptive(cutoffs: [16, 120], divValue: 1.9), vocabulary: 310, hidden: 61),
  ]

  @Test(arguments: cases, OutputTest.lengths)
  func everythingIsTheReferences(_ sizes: OutputCase, lengths: [Int]) {
    OutputTest.expectReference(sizes.shape, lengths) { test, expected, kernels in
      let mean = test.model.lossSum / Double(test.model.minibatch.targetCount)
      #expect(abs(mean - expected.loss) <= 1e-6 * expected.loss, "\(kernels): loss")
      let predictions = (0..<test.model.minibatch.rows).map { Int(test.model.prediction(row: $0)) }
      #expect(predictions == expected.predictions, "\(kernels): predictions")
    }
  }

  @Test(arguments: cases)
  func probabilitiesSumToOneAndAreWhatLossesMeasure(_ sizes: OutputCase) {
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
  func anyNumberOfWorkersAndRoundsOnAnyInstructionSet(_ sizes: OutputCase, workers: Int) {
    OutputTest.expectSameBits(sizes.shape, workers: workers)
  }

  @Test func wordClassesAreRangesThatGrowWithRarity() throws {
    var shape = OutputCase(output: .wordClasses(100), vocabulary: 10_000).shape
    let tokens = try #require(shape.output.clusters(of: shape)).clusters.map(\.tokens)
    #expect(tokens.count == 100)
    #expect(tokens.first?.lowerBound == 0 && tokens.last?.upperBound == 10_000)
    #expect(zip(tokens, tokens.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound && !$0.isEmpty })
    // The square roots of Zipf's frequencies add up like the square root of the rank.
    #expect((190...205).contains(tokens[98].count) && tokens[10].count < 30)
    shape.output = .wordClasses(20_000)
    #expect(try #require(shape.output.clusters(of: shape)).clusters.map(\.tokens) == (0..<10_000).map { $0..<$0 + 1 })
  }
}
