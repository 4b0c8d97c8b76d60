import Compute
import ModelTestSupport
import Models
import Optimizers
import RetainCounter
import Testing
import Training

/// Workers that count references to what they share wait for each other's cache lines: a step counts up few for each job, and
/// none for each row. One worker is the thread that counts.
@Suite(.enabled(if: retains_count() >= 0, "nobody counts on this architecture"))
struct ReferenceCountTests {
  /// What is trained.
  struct Case: Sendable, CustomStringConvertible {
    let network: NetworkCase
    var shape: ModelShape
    var shards = 1

    init(
      _ network: NetworkCase, _ output: any OutputKind = .softmax, furtherClasses: [Int] = [], features: Int = 0,
      shards: Int = 1
    ) {
      self.network = network
      shape = network.shape
      (shape.output, shape.furtherClasses, shape.features) = (output, furtherClasses, features)
      self.shards = shards
    }

    var description: String {
      "\(network), \(shape.output.name), classes \(shape.classesOfOutputs), features \(shape.features), shards \(shards)"
    }
  }

  private static let languageModel = NetworkCase(.lstm, layers: 2, isBidirectional: false, .uniform, [.widths])
  private static let tied = NetworkCase(.lstm, layers: 1, isBidirectional: false, .uniform, [.tied])
  private static let tagger = NetworkCase(.gru, layers: 1, isBidirectional: true, .ragged, [.characters])
  private static let reading = NetworkCase(.lstm, layers: 1, isBidirectional: true, .ragged, [.characters, .readers])

  private static let cases: [Case] = [
    Case(NetworkCase(.elman(.tanh), layers: 1, isBidirectional: false, .uniform, [])),
    Case(NetworkCase(.cifg, layers: 1, isBidirectional: true, .ragged, [])),
    Case(NetworkCase(.lstm, layers: 2, isBidirectional: false, .uniform, [.residual, .layerDropout, .inputDropout])),
    Case(NetworkCase(.gru, layers: 2, isBidirectional: true, .ragged, [.characters, .layerDropout, .variational])),
    Case(tied),
    Case(
      NetworkCase(
        .gru, layers: 2, isBidirectional: false, .uniform,
        [.widths, .outputDropout, .weightDropout, .vocabularyDropout, .activationPenalty, .temporalPenalty])),
    Case(languageModel, .wordClasses(4)),
    Case(languageModel, .adaptive(cutoffs: [4, 11], divValue: 2)),
    Case(languageModel, .sampled(samples: 9)),
    Case(tied, .sampled(samples: 9)),
    Case(languageModel, shards: 3),
    Case(tied, .sampled(samples: 9), shards: 3),
    Case(languageModel, .adaptive(cutoffs: [4, 11], divValue: 2), shards: 3),
    Case(tagger, furtherClasses: [5, 11]),
    Case(tagger, ConditionalRandomField()),
    Case(tagger, ConditionalRandomField(), furtherClasses: [5, 11]),
    Case(tagger, features: 13),
    Case(reading),
    Case(tagger, ConditionalRandomField(), furtherClasses: [5], shards: 4),
  ]

  @Test(arguments: cases, [SGD(), Adam(.decoupled)] as [any Optimizer])
  func aStepCountsFewForEachJob(_ trained: Case, _ optimizer: any Optimizer) {
    for sparse in [false, true] {
      let (retains, jobs) = Self.retains(trained, optimizer, sparse: sparse)
      #expect((1..<2 * jobs).contains(retains), "\(retains) in \(jobs) jobs, sparse: \(sparse)")
    }
  }

  /// What a second step counts, once its minibatch is there, and its jobs.
  private static func retains(_ trained: Case, _ optimizer: any Optimizer, sparse: Bool) -> (retains: Int, jobs: Int) {
    let (network, shape) = (trained.network, trained.shape)
    let parameters = Parameters(shape, kernels: Kernels.available[0])
    parameters.initialize(seed: 1)
    let model = ShardedModel(
      parameters, SequenceModel.Capacity(lengths: network.lengths, of: shape), shards: trained.shards
    ) { capacity, gradients, isShard in
      SequenceModel(
        parameters, capacity, gradients: gradients, workers: 1, carriesState: network.carriesState,
        dropout: network.dropout, penalties: network.penalties,
        lossWeights: shape.furtherClasses.isEmpty ? nil : shape.classesOfOutputs.map { _ in 1 }, isShard: isShard)
    }
    let step = TrainingStep(
      model: model,
      optimizer: OptimizerStep(
        optimizer, clipNorm: 1, sparse: sparse, parameters: parameters, gradients: model.gradients),
      averages: AveragedParameters(of: parameters), workers: Workers(count: 1))
    var random = TestRandom(seed: 21)
    let sentences = Sentences(lengths: network.lengths, of: shape, using: &random)
    let further = shape.furtherClasses.map { classes in
      var shape = shape
      (shape.classes, shape.furtherClasses) = (classes, [])
      return Sentences(lengths: network.lengths, of: shape, using: &random)
    }
    var (retains, jobs) = (0, 0)
    for number in 1...2 {
      let jobsBefore = step.phaseTotals.reduce(0) { $0 + $1.jobs }
      var before = 0
      _ = step.run(step: number, learningRate: 0.01, averagingWeight: 0.5) { minibatch in
        minibatch.load(sentences, further: further)
        before = retains_count()
      }
      retains = retains_count() - before
      jobs = step.phaseTotals.reduce(0) { $0 + $1.jobs } - jobsBefore
    }
    return (retains, jobs)
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
