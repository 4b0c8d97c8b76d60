import Compute
import Configuration
import ModelTestSupport
import Models
import Optimizers
import Testing

/// The program against PyTorch's numbers: see Golden/make_golden.py, make_golden_outputs.py and make_golden_sampled.py.
@Suite struct GoldenTests {
  static let names = [
    "tanh-1", "tanh-3", "relu-2", "lstm-1", "lstm-3", "gru-1", "gru-3", "cifg-1", "cifg-3", "adaptive-2", "adaptive-3",
    "sampled",
  ]

  @Test(arguments: names)
  func logitsLossAndGradientsOfTheFirstMinibatch(_ name: String) throws {
    let (model, golden) = try GoldenNumbers.read(name, of: GoldenWindows.self)
    for kernels in Kernels.available {
      let test = TrainingRun(try model.sizes, optimizers[0].configuration, kernels: kernels).test
      test.putParameters(golden.parameters)
      test.load(model.windows[0])
      test.model.begin(step: 1)
      Workers(count: 2).run(PhaseList(test.gradientPhases))
      golden.expectFirstMinibatch(test, kernels.name)
    }
  }

  @Test(arguments: names)
  func tenLossesWithEveryOptimizer(_ name: String) throws {
    let (model, golden) = try GoldenNumbers.read(name, of: GoldenWindows.self)
    try golden.expectLosses { optimizer in
      let run = TrainingRun(try model.sizes, optimizer, clipNorm: 0.25, workers: 2)
      run.test.putParameters(golden.parameters)
      var losses: [Double] = []
      run.train(on: model.windows) { losses.append($0.lossSum / Double($0.targets)) }
      return losses
    }
  }

  /// PyTorch's SparseAdam for embeddings and the sampled output's rows, Adam for the rest.
  @Test(arguments: [
    ("adam", Adam(.coupled, learningRate: 0.02, beta1: 0.8, beta2: 0.95, weightDecay: 0) as any Optimizer),
    ("sgd", SGD(learningRate: 0.5)),
  ])
  func tenLossesWithSparseUpdates(_ name: String, _ configuration: any Optimizer) throws {
    let (model, golden) = try GoldenNumbers.read("sampled", of: GoldenWindows.self)
    let expected = try #require(golden.sparseLosses?[name])
    let run = TrainingRun(try model.sizes, configuration, clipNorm: 0.25, sparse: true, workers: 2)
    run.test.putParameters(golden.parameters)
    var losses: [Double] = []
    run.train(on: model.windows) { losses.append($0.lossSum / Double($0.targets)) }
    for (step, (found, expected)) in zip(losses, expected).enumerated() {
      #expect(abs(found - expected) < GoldenNumbers.tolerance * expected, "step \(step + 1)")
    }
    // Momentum alone would tell dense updates from these.
    if name == "adam" { #expect(losses[5...] != golden.losses["adam"]?[5...]) }
  }
}

/// A language model and what it reads.
struct GoldenWindows: Decodable {
  let cell: String
  let layers, vocabulary, embedding, hidden, streams, timesteps: Int
  /// Of an adaptive softmax.
  let cutoffs: [Int]?
  let divValue: Double?
  /// Draws of a sampled softmax.
  let samples: Int?
  /// [step][T * B]
  let tokens, targets: [[Int]]

  var sizes: ModelCase {
    get throws {
      let cells: [String: any CellKind] = [
        "tanh": .elman(.tanh), "relu": .elman(.relu), "lstm": .lstm, "gru": .gru, "cifg": .cifg,
      ]
      var sizes = ModelCase(
        cell: try #require(cells[cell]), layers: layers, vocabulary: vocabulary, embedding: embedding,
        hidden: hidden, classes: vocabulary, streams: streams, timesteps: timesteps)
      if let cutoffs, let divValue { sizes.shape.output = .adaptive(cutoffs: cutoffs, divValue: divValue) }
      if let samples { sizes.shape.output = .sampled(samples: samples) }
      return sizes
    }
  }

  var windows: [Window] {
    zip(tokens, targets).map { Window(timesteps: timesteps, streams: streams, inputs: $0, targets: $1) }
  }
}
