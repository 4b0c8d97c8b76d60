import Compute
import Foundation
import ModelTestSupport
import Models
import Testing

/// The output layer that is trained on samples: exact gradients of the sample's loss, which come to those of the softmax over
/// all classes; the same bits however the work is cut.
@Suite struct SampledOutputTests {
  private static func sampled(
    _ samples: Int, vocabulary: Int = 23, hidden: Int = 21, isTied: Bool = false
  ) -> OutputCase {
    OutputCase(output: .sampled(samples: samples), vocabulary: vocabulary, hidden: hidden, isTied: isTied)
  }

  /// Few and many draws for the vocabulary; more candidates than a chunk of classes has, drawn and not.
  static let cases = [
    sampled(1), sampled(9), sampled(300), sampled(1, vocabulary: 1), sampled(20, vocabulary: 1310, hidden: 32),
    sampled(400, vocabulary: 1310, hidden: 61), sampled(3, isTied: true), sampled(300, isTied: true),
    sampled(20, vocabulary: 1310, hidden: 32, isTied: true),
  ]
  static let rates: DropoutRates = {
    var rates = DropoutRates()
    rates.seed = 0x3_2109_8765
    return rates
  }()

  @Test(arguments: cases, OutputTest.lengths)
  func everythingIsTheReferences(_ sizes: OutputCase, lengths: [Int]) {
    // The loss over one class is zero, up to the roundings of its logit.
    OutputTest.expectReference(sizes.shape, lengths, Self.rates, lossScale: [1])
  }

  @Test(arguments: cases)
  func evaluationIsTheSoftmaxOverAllClasses(_ sizes: OutputCase) {
    var full = sizes.shape
    full.output = .softmax
    let (sampled, _) = OutputTest.model(sizes.shape, OutputTest.lengths[0], Self.rates)
    let (plain, _) = OutputTest.model(full, OutputTest.lengths[0], Self.rates)
    #expect(
      sampled.parameters.layout.parameters.map { [$0.name, "\($0.shape)"] }
        == plain.parameters.layout.parameters.map { [$0.name, "\($0.shape)"] })
    plain.putParameters(sampled.tensors)
    for test in [sampled, plain] {
      Workers(count: 2).run(PhaseList(test.model.forwardPhases() + test.model.lossPhases()))
    }
    for row in 0..<plain.model.minibatch.rows {
      #expect(sampled.model.loss(row: row) == plain.model.loss(row: row))
      #expect(sampled.model.prediction(row: row) == plain.model.prediction(row: row))
    }
    #expect(sampled.logits == plain.logits)
  }

  @Test(arguments: cases, SameBitsTests.workerCounts)
  func anyNumberOfWorkersAndBlocksOnAnyInstructionSet(_ sizes: OutputCase, workers: Int) {
    OutputTest.expectSameBits(sizes.shape, Self.rates, workers: workers)
  }

  @Test func theMeanGradientComesToThatOfTheSoftmax() {
    var shape = Self.sampled(1, vocabulary: 97, hidden: 11).shape
    let sizes = [20, 80, 320]
    var random = TestRandom(seed: 42)
    shape.output = .softmax
    let sentences = Sentences(lengths: [7, 5, 5], of: shape, using: &random)
    func test(_ output: any OutputKind) -> TestModel {
      shape.output = output
      return TestModel(shape, lengths: [7, 5, 5], dropout: DropoutRates(), carriesState: false, seed: 5)
    }
    let full = test(.softmax)
    full.load(sentences)
    Workers(count: 1).run(PhaseList(full.gradientPhases))

    /// How far the mean over many steps is off, and single steps in the mean, relative to the gradient's norm.
    func errors(samples: Int, steps: Int) -> (ofMean: Double, single: Double) {
      let sampled = test(.sampled(samples: samples))
      sampled.putParameters(full.tensors)
      let phases = PhaseList(sampled.gradientPhases)
      let names = full.gradientMatrices.keys.sorted()
      let expected = names.flatMap { full.gradientMatrices[$0]?.values ?? [] }
      func distance(_ x: [Double]) -> Double {
        let square = zip(x, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (square / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
      }
      var (sum, single) = ([Double](repeating: 0, count: expected.count), 0.0)
      for step in 1...steps {
        sampled.load(sentences, step: step)
        Workers(count: 1).run(phases)
        let found = sampled.gradientMatrices
        let gradient = names.flatMap { found[$0]?.values ?? [] }
        for (index, value) in gradient.enumerated() { sum[index] += value / Double(steps) }
        single += distance(gradient) / Double(steps)
      }
      return (distance(sum), single)
    }
    let found = sizes.map { errors(samples: $0, steps: 1600) }
    // Independent errors would leave a fortieth of a single step's.
    #expect(found.allSatisfy { $0.ofMean < 0.05 * $0.single }, "\(found)")
    #expect(
      zip(found, found.dropFirst()).allSatisfy { $1.ofMean < 0.6 * $0.ofMean && $1.single < $0.single }, "\(found)")
    #expect(found[2].ofMean < 0.01, "\(found)")
  }

  @Test func theProposalIsADistributionByRank() {
    for classes in [1, 2, 97, 10_000] {
      let proposal = LogUniformProposal(classes: classes)
      let probabilities = (0..<classes).map(proposal.probability)
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-12)
      #expect(zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 > $1 })
      // The first number that draws a class, and the last before.
      var sum = 0.0
      for (id, probability) in probabilities.enumerated().prefix(1000) {
        #expect(proposal.draw(sum + 1e-9) == id)
        if id > 0 { #expect(proposal.draw(sum - 1e-9) == id - 1) }
        sum += probability
      }
      #expect(proposal.draw(0) == 0 && proposal.draw(1 - 0x1p-53) == classes - 1)
    }
  }

  @Test func drawsIncludeClassesAsOftenAsTheyShould() {
    let (classes, draws, steps) = (211, 40, 3000)
    var counts = [Double](repeating: 0, count: classes)
    for step in 1...steps {
      for id in ClassSample(draws, of: classes, seed: 9, step: step).inclusion.keys { counts[id] += 1 }
    }
    let proposal = LogUniformProposal(classes: classes)
    for id in 0..<classes {
      let q = proposal.inclusion(of: id, draws: draws)
      let deviation = (q * (1 - q) * Double(steps)).squareRoot()
      #expect(abs(counts[id] - q * Double(steps)) < 5 * deviation + 1, "class \(id)")
    }
  }
}
