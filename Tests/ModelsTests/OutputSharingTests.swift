import Compute
import ModelTestSupport
import Models
import Testing

/// Groups of the output layer's rows that aren't as many for each worker are shared out by classes: nothing of it may show.
@Suite struct OutputSharingTests {
  private static let shape = ModelShape(
    vocabulary: 900, embedding: 20, cell: .elman(.tanh), hidden: 37, layers: 1, classes: 900)

  /// 7 groups, the last of 4 rows; with a bound that cuts them into two blocks, 5 and 2.
  @Test(arguments: [SequenceModel.logitsBound, 5 * 16 * 900 * 4], [2, 3, 4, 16])
  func anyNumberOfWorkersHasTheSameBits(logitsBound: Int, workers: Int) {
    let one = Self.result(logitsBound: logitsBound, workers: 1)
    let many = Self.result(logitsBound: logitsBound, workers: workers)
    #expect(one == many)
    #expect(one.losses.allSatisfy(\.isFinite) && one.losses.contains { $0 > 0 })
  }

  private struct Result: Equatable {
    let losses: [Double]
    /// By parameter.
    let gradients: [[Float]]
  }

  private static func result(logitsBound: Int, workers: Int) -> Result {
    let test = TestModel(shape, streams: 10, timesteps: 10, workers: workers, logitsBound: logitsBound)
    var random = TestRandom(seed: 8)
    test.load(Window(timesteps: 10, streams: 10, of: shape, using: &random))
    test.model.begin(step: 1)
    Workers(count: workers, processors: workers).run(PhaseList(test.gradientPhases))
    return Result(
      losses: (0..<100).map(test.model.loss(row:)),
      gradients: test.parameters.layout.parameters.map(test.gradients.elements(of:)))
  }
}
