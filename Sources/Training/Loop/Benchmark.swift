import Collectives
import Compute
import Configuration
import Datasets
import Foundation
import Inference
import Models

/// Measures training steps, as they are in a run, without leaving anything behind.
package struct Benchmark: Sendable, Equatable {
  /// Median over the steps.
  package var tokensPerSecond: Double
  /// 6 FLOP per weight of the recurrent and output layers and token.
  package var gflops: Double
  package var threads: Int
  package var isa: String
  package var parameters: Int
  package var peakMemoryBytes: Int
  /// Of that, a minibatch's activations and their gradients.
  package var activationBytes: Int
  package var steps: Int
  /// What phases of each kind cost in those steps.
  package var phaseTotals: [PhaseTotal]
  /// How long one thread worked between the phases of those steps: the minibatch, the sum of the losses, states.
  package var serialTime: Duration

  /// Fewest steps before the clock starts, and fewest steps that are timed.
  private static let (warmUp, fewest) = (3, 5)
  /// Different minibatches, taken in turn.
  private static let minibatches = 16

  /// - Parameters:
  ///   - dataset: where minibatches are from; nil for a configuration with `data.synthetic`.
  ///   - characterModels: those that the configuration names.
  package static func run(
    _ configuration: RunConfiguration, dataset: SequenceDataset?, characterModels: CharacterModels? = nil,
    seconds: Double, workers: Workers, kernels: Kernels
  ) throws -> Benchmark {
    let training = configuration.training
    let shape: ModelShape
    let source: any MinibatchSource
    // Memory is checked before the minibatches take any.
    if case .synthetic(let corpus) = configuration.data {
      let classes = corpus.classes ?? corpus.vocabulary
      shape = try ModelShape(configuration.model, vocabulary: corpus.vocabulary, classes: classes)
      try configuration.checkMemory(shape)
      source = ZipfMinibatches(
        Timeline.Capacity(sequences: training.batchSize, timesteps: training.bptt), vocabulary: corpus.vocabulary,
        classes: classes, carriesState: configuration.task.carriesState, count: minibatches,
        seed: UInt64(configuration.seed))
    } else if let dataset {
      shape = try ModelShape(
        configuration, vocabulary: dataset.vocabulary, tagging: dataset.tagging, characterModels: characterModels)
      try configuration.checkMemory(shape, words: dataset.tokenCount)
      source = try configuration.task.minibatches(
        of: dataset.trainSplit(), in: dataset, configuration, characterModels: characterModels, workers: workers)
    } else {
      throw TrainingError.noSplit(name: "train", remedy: "name its text in data.train")
    }
    let engine = try Engine(
      configuration, shape, minibatches: source, workers: workers, kernels: kernels, ranks: Alone())
    engine.initialize(configuration, characterModels)

    var count = 0
    func step() throws -> (targets: Int, time: Duration) {
      let start = clock.now
      let result = try engine.step.run(
        step: count + 1, learningRate: training.optimizer.learningRate,
        averagingWeight: training.averaging?.weight(ofStep: count + 1)
      ) { minibatch in
        try source.fill(minibatch, index: count % source.count, epoch: count / source.count, step: count + 1)
      }
      guard !result.diverged else { throw Divergence(step: count + 1, epoch: 1, quantity: "gradient's norm") }
      count += 1
      return (result.targets, clock.now - start)
    }
    let clock = ContinuousClock()
    // A run's first steps try the ways of sharing recurrences out, which is not what the others cost; where steps are long,
    // they take no more time than is measured.
    let begin = clock.now
    while count < warmUp || !engine.step.isSettled && clock.now - begin < .seconds(seconds) { _ = try step() }
    let before = engine.phaseTotals
    var steps: [(targets: Int, time: Duration)] = []
    let end = clock.now + .seconds(seconds)
    while steps.count < fewest || clock.now < end { steps.append(try step()) }
    let totals = PhaseTotal.differences(engine.phaseTotals, before)
    let rates = steps.map { Double($0.targets) / ($0.time / .seconds(1)) }.sorted()
    let rate = rates[rates.count / 2]
    return Benchmark(
      tokensPerSecond: rate, gflops: rate * 6 * Double(shape.multipliedWeights) / 1e9, threads: workers.count,
      isa: kernels.name, parameters: engine.model.parameters.layout.elementCount, peakMemoryBytes: peakMemory(),
      activationBytes: engine.activationBytes, steps: steps.count, phaseTotals: totals,
      serialTime: totals.reduce(steps.reduce(.zero) { $0 + $1.time }) { $0 - $1.time })
  }

  private static func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}

/// Ids drawn independently by Zipf's law: id i with a probability proportional to 1 / (i + 1).
private final class ZipfMinibatches: MinibatchSource {
  let capacity: SequenceModel.Capacity
  let carriesState: Bool
  private let inputs: [[Int32]]
  private let targets: [[Int32]]

  init(
    _ timeline: Timeline.Capacity, vocabulary: Int, classes: Int, carriesState: Bool, count: Int, seed: UInt64
  ) {
    capacity = SequenceModel.Capacity(timeline)
    self.carriesState = carriesState
    let (rows, random) = (timeline.rows, Philox(seed: seed))
    func draw(_ size: Int, stream: Int) -> [[Int32]] {
      var sum = 0.0
      let cumulative = (0..<size).map { index in
        sum += 1 / Double(index + 1)
        return sum
      }
      return (0..<count).map { minibatch in
        (0..<rows).map { row in
          let at = random.uniformDouble(.synthetic, step: stream, position: minibatch * rows + row) * sum
          return Int32(min(Self.firstIndex(in: cumulative, above: at), size - 1))
        }
      }
    }
    inputs = draw(vocabulary, stream: 0)
    targets = draw(classes, stream: 1)
  }

  private static func firstIndex(in sorted: [Double], above value: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] > value { high = middle } else { low = middle + 1 }
    }
    return low
  }

  var count: Int { inputs.count }
  var targetCount: Int { inputs.count * capacity.timeline.rows }

  func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) {
    let ids = inputs[index]
    minibatch.inputs.base.update(from: ids, count: ids.count)
    minibatch.targets.base.update(from: targets[index], count: ids.count)
    minibatch.prepare(timesteps: capacity.timeline.timesteps)
  }
}
