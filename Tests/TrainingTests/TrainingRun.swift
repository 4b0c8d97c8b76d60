import Collectives
import Compute
import Configuration
import ModelTestSupport
import Models
import Optimizers
import Training

/// A model with everything that trains it.
struct TrainingRun {
  let test: TestModel
  let optimizer: OptimizerStep
  let averages: AveragedParameters
  let step: TrainingStep
  private let learningRate: Double

  init(
    _ sizes: ModelCase, _ configuration: any Optimizer, clipNorm: Double = 0, sparse: Bool = false,
    frozen: Set<Parameter.Handle> = [], workers: Int = 1, kernels: Kernels = Kernels.available[0]
  ) {
    self.init(
      TestModel(sizes.shape, streams: sizes.streams, timesteps: sizes.timesteps, workers: workers, kernels: kernels),
      configuration, clipNorm: clipNorm, sparse: sparse, frozen: frozen, workers: workers)
  }

  init(
    _ test: TestModel, _ configuration: any Optimizer, clipNorm: Double = 0, sparse: Bool = false,
    frozen: Set<Parameter.Handle> = [], workers: Int = 1
  ) {
    self.test = test
    learningRate = configuration.learningRate
    optimizer = OptimizerStep(
      configuration, clipNorm: clipNorm, sparse: sparse, slices: ArenaSlices(test.parameters.layout, frozen: frozen),
      parameters: test.parameters, gradients: test.gradients, workers: workers)
    averages = AveragedParameters(of: test.parameters)
    step = TrainingStep(
      model: ShardedModel(test.model, test.gradients), optimizer: optimizer, averages: averages,
      workers: Workers(count: workers))
  }

  /// One step after the other, at the configured learning rate. Calls `after` with each step's result.
  ///
  /// - Parameter weight: what the parameters after a step weigh in the averages.
  func train(
    on windows: [Window], after: (TrainingStep.Result) -> Void = { _ in },
    weight: (_ step: Int) -> Float? = { _ in nil }
  ) {
    for (step, window) in zip(1..., windows) {
      let result = self.step.run(step: step, learningRate: learningRate, averagingWeight: weight(step)) { _ in
        test.load(window)
      }
      after(result)
    }
  }

  /// The same on sentences. Returns the mean loss of each step.
  ///
  /// - Parameter further: [step] of output layers behind the first one; nil: there are none.
  func losses(on minibatches: [Sentences], further: [[Sentences]]? = nil) -> [Double] {
    minibatches.enumerated().map { index, sentences in
      let result = step.run(step: index + 1, learningRate: learningRate) { _ in
        test.load(sentences, further: further?[index] ?? [], step: index + 1)
      }
      return result.lossSum / Double(result.targets)
    }
  }

  /// Everything that the next step depends on, and the last one's results.
  var snapshot: Snapshot {
    var snapshot = test.snapshot
    for moment in optimizer.moments { snapshot.add(moment.name, moment.arena) }
    return snapshot
  }
}

/// What training of a minibatch's shards, by one process or several, comes to: results, parameters and moments.
func shardedTraining(
  _ sizes: ModelCase, _ configuration: any Optimizer, sparse: Bool = false, shards: Int,
  ranks: any Communicator = Alone(), workers: Int, kernels: Kernels = Kernels.available[0], on windows: [Window],
  afterStep: (_ slices: ArenaSlices, Window) -> Void = { _, _ in }
) -> Snapshot {
  let parameters = Parameters(sizes.shape, kernels: kernels)
  parameters.initialize(seed: 4)
  let capacity = SequenceModel.Capacity(Timeline.Capacity(sequences: sizes.streams, timesteps: sizes.timesteps))
  let slices = ArenaSlices(parameters.layout, ranks: ranks, block: 256)
  let model = ShardedModel(parameters, capacity, shards: shards, slices: slices) { capacity, gradients, isShard in
    SequenceModel(
      parameters, capacity, gradients: gradients, workers: workers, carriesState: true, isShard: isShard)
  }
  let step = OptimizerStep(
    configuration, clipNorm: 0.01, sparse: sparse, slices: slices, parameters: parameters, gradients: model.gradients)
  let training = TrainingStep(model: model, optimizer: step, workers: Workers(count: workers))
  var snapshot = Snapshot()
  for (number, window) in zip(1..., windows) {
    let result = training.run(step: number, learningRate: configuration.learningRate) { $0.load(Sentences(window)) }
    snapshot.add("step \(number)", [result.lossSum, result.gradientNorm, Double(result.targets)])
    afterStep(slices, window)
  }
  snapshot.add("parameters", parameters.values)
  for moment in step.moments {
    slices.share(moment.arena)
    snapshot.add(moment.name, moment.arena)
  }
  return snapshot
}

/// The optimizers of make_golden.py, by its names.
let optimizers: [(name: String, configuration: any Optimizer)] = [
  ("sgd", SGD(learningRate: 0.5)),
  ("sgd-momentum", SGD(learningRate: 0.3, momentum: 0.9, weightDecay: 0.01)),
  ("sgd-nesterov", SGD(learningRate: 0.3, momentum: 0.9, nesterov: true)),
  ("rmsprop", RMSProp(learningRate: 0.01, alpha: 0.9)),
  ("adam", Adam(.coupled, learningRate: 0.02, beta1: 0.8, beta2: 0.95, weightDecay: 0.01)),
  ("adamw", Adam(.decoupled, learningRate: 0.02, beta1: 0.9, beta2: 0.999, weightDecay: 0.1)),
  ("lion", Lion(learningRate: 0.003, beta1: 0.9, beta2: 0.99, weightDecay: 0.1)),
]

extension SGD {
  init(learningRate: Double, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0) {
    self.init()
    (self.learningRate, self.momentum, self.nesterov, self.weightDecay) = (
      learningRate, momentum, nesterov, weightDecay
    )
  }
}

extension RMSProp {
  init(learningRate: Double, alpha: Double) {
    self.init()
    (self.learningRate, self.alpha) = (learningRate, alpha)
  }
}

extension Adam {
  init(_ decay: Decay, learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double) {
    self.init(decay)
    (self.learningRate, self.beta1, self.beta2, self.weightDecay) = (learningRate, beta1, beta2, weightDecay)
  }
}

extension Lion {
  init(learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double) {
    self.init()
    (self.learningRate, self.beta1, self.beta2, self.weightDecay) = (learningRate, beta1, beta2, weightDecay)
  }
}
