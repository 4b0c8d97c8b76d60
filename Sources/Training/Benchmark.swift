import Compute
import Configuration
import Datasets
import Foundation
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
  package var steps: Int

  /// Steps before the clock starts, and fewest steps that are timed.
  private static let (warmUp, fewest) = (3, 5)
  /// Different minibatches, taken in turn.
  private static let minibatches = 16

  /// - Parameter dataset: where minibatches are from; nil for a configuration with `data.synthetic`.
  package static func run(
    _ configuration: RunConfiguration, dataset: SequenceDataset?, seconds: Double, workers: Workers, kernels: Kernels
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
        vocabulary: corpus.vocabulary, classes: classes, rows: training.batchSize * training.bptt, count: minibatches,
        seed: UInt64(configuration.seed))
    } else if let dataset {
      shape = try ModelShape(configuration, vocabulary: dataset.vocabulary)
      try configuration.checkMemory(shape)
      source = try StreamBatches(
        dataset.trainSplit().tokens, streams: training.batchSize, window: training.bptt)
    } else {
      throw TrainingError.noSplit(name: "train", remedy: "name its text in data.train")
    }
    let parameters = Parameters(shape, kernels: kernels)
    parameters.initialize(seed: UInt64(configuration.seed))
    let gradients = Gradients(parameters.layout)
    let model = SequenceModel(
      parameters, streams: training.batchSize, timesteps: training.bptt, gradients: gradients, workers: workers.count)
    let optimizer = Optimizer(
      training.optimizer, clipNorm: training.clipNorm, parameters: parameters, gradients: gradients)
    let step = TrainingStep(model: model, optimizer: optimizer, workers: workers)

    var times: [Double] = []
    var tokens: [Int] = []
    let clock = ContinuousClock()
    let begin = clock.now
    var count = 0
    while count < warmUp + fewest || clock.now - begin < .seconds(seconds) {
      let start = clock.now
      source.fill(model.minibatch, index: count)
      let result = step.run(step: count + 1, learningRate: training.optimizer.learningRate)
      guard !result.diverged else {
        throw TrainingError.diverged(step: count + 1, epoch: 1, quantity: "gradient's norm")
      }
      if count >= warmUp {
        times.append((clock.now - start) / .seconds(1))
        tokens.append(result.targets)
      }
      count += 1
    }
    let rate = zip(tokens, times).map { Double($0) / $1 }.sorted()[times.count / 2]
    return Benchmark(
      tokensPerSecond: rate, gflops: rate * 6 * Double(shape.multipliedWeights) / 1e9, threads: workers.count,
      isa: kernels.name, parameters: parameters.layout.elementCount, peakMemoryBytes: peakMemory(), steps: times.count)
  }

  private static func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}

/// Where a benchmark's minibatches come from.
private protocol MinibatchSource {
  func fill(_ minibatch: Minibatch, index: Int)
}

extension StreamBatches: MinibatchSource {
  fileprivate func fill(_ minibatch: Minibatch, index: Int) {
    let window = index % windowCount
    fill(window: window, inputs: minibatch.inputs, targets: minibatch.targets)
    minibatch.prepare(timesteps: timesteps(inWindow: window))
  }
}

/// Ids drawn independently by Zipf's law: id i with a probability proportional to 1 / (i + 1).
private struct ZipfMinibatches: MinibatchSource {
  private let inputs: [[Int32]]
  private let targets: [[Int32]]

  init(vocabulary: Int, classes: Int, rows: Int, count: Int, seed: UInt64) {
    let random = Philox(seed: seed)
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

  func fill(_ minibatch: Minibatch, index: Int) {
    let ids = inputs[index % inputs.count]
    minibatch.inputs.update(from: ids, count: ids.count)
    minibatch.targets.update(from: targets[index % targets.count], count: ids.count)
    minibatch.prepare(timesteps: ids.count / minibatch.timeline.capacity.sequences)
  }
}
