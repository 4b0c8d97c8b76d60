import Compute
import ModelTestSupport
import Models
import Optimizers
import RetainCounter
import Testing

/// Workers that count references to what they share wait for each other's cache lines: a step counts up few for each job, and
/// none for each row. One worker is the thread that counts.
@Suite(.enabled(if: retains_count() >= 0, "nobody counts on this architecture"))
struct ReferenceCountTests {
  private static let cases: [NetworkCase] = [
    NetworkCase(.elman(.tanh), layers: 1, isBidirectional: false, .uniform, []),
    NetworkCase(.lstm, layers: 2, isBidirectional: false, .uniform, [.residual, .layerDropout, .inputDropout]),
    NetworkCase(.gru, layers: 2, isBidirectional: true, .ragged, [.characters, .layerDropout, .variational]),
    NetworkCase(.lstm, layers: 1, isBidirectional: false, .uniform, [.tied]),
    NetworkCase(
      .gru, layers: 2, isBidirectional: false, .uniform,
      [.widths, .outputDropout, .weightDropout, .vocabularyDropout, .activationPenalty, .temporalPenalty]),
  ]

  @Test(arguments: cases, [SGD(), Adam(.decoupled)] as [any Optimizer])
  func aStepCountsFewForEachJob(network: NetworkCase, optimizer: any Optimizer) {
    expectFewForEachJob(network, network.shape, optimizer)
  }

  @Test func tagsOfASentenceTogetherAreNotCounted() {
    let network = NetworkCase(.gru, layers: 1, isBidirectional: true, .ragged, [])
    var shape = network.shape
    shape.output = ConditionalRandomField()
    expectFewForEachJob(network, shape, SGD())
  }

  private func expectFewForEachJob(_ network: NetworkCase, _ shape: ModelShape, _ optimizer: any Optimizer) {
    var random = TestRandom(seed: 21)
    let test = TestModel(
      shape, lengths: network.lengths, dropout: network.dropout, penalties: network.penalties,
      carriesState: network.carriesState)
    test.load(Sentences(lengths: network.lengths, of: shape, using: &random))
    let step = OptimizerStep(optimizer, clipNorm: 1, parameters: test.parameters, gradients: test.gradients)
    let averages = AveragedParameters(of: test.parameters)
    averages.prepare(weight: 0.5)
    let list = PhaseList(
      test.gradientPhases + step.squarePhases() + step.updatePhases() + [
        averages.phase(), test.parameters.renewalPhase(),
      ])
    let workers = Workers(count: 1)
    let retains = (1...2).map { number in
      begin(step: number, test, step)
      return retainsCounted { workers.run(list) }
    }[1]
    let jobs = list.phases.reduce(0) { $0 + $1.jobs() }
    #expect((1..<10 * jobs).contains(retains), "\(retains) in \(jobs) jobs")
  }

  /// Many rows, which are updated one by one, are no more references than few.
  @Test(arguments: [SGD(), Adam(.coupled)] as [any Optimizer])
  func rowsAreNotCounted(optimizer: any Optimizer) {
    func retains(vocabulary: Int) -> Int {
      let shape = ModelShape(
        vocabulary: vocabulary, embedding: 40, cell: .elman(.tanh), hidden: 16, layers: 1, classes: 3)
      let test = TestModel(shape, streams: 64, timesteps: 16)
      var random = TestRandom(seed: 22)
      test.load(Window(timesteps: 16, streams: 64, of: shape, using: &random))
      let step = OptimizerStep(optimizer, clipNorm: 0, parameters: test.parameters, gradients: test.gradients)
      let gradients = PhaseList(test.gradientPhases)
      let update = PhaseList(step.squarePhases() + step.updatePhases())
      let workers = Workers(count: 1)
      return (1...2).map { number in
        begin(step: number, test, step)
        workers.run(gradients)
        return retainsCounted { workers.run(update) }
      }[1]
    }
    // 64 rows are 4 jobs at most, some 600 of 1000 are 40: of so many rows each has pieces of its own.
    #expect(retains(vocabulary: 1000) < 10 * 60)
    #expect(retains(vocabulary: 64) < 10 * 12)
  }

  private func begin(step number: Int, _ test: TestModel, _ step: OptimizerStep) {
    test.model.begin(step: number)
    step.prepare(step: number, learningRate: 0.01)
  }

  /// Of this thread and of the only worker, which is this thread.
  private func retainsCounted(_ work: () -> Void) -> Int {
    let before = retains_count()
    work()
    return retains_count() - before
  }
}
