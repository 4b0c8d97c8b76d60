import Compute
import Foundation
import ModelTestSupport
import Models
import Testing

/// The program against PyTorch's numbers: see Golden/make_golden.py and make_golden_outputs.py.
@Suite struct GoldenTests {
  static let names = ["tanh-1", "tanh-3", "relu-2", "lstm-1", "lstm-3", "gru-1", "gru-3", "adaptive-2", "adaptive-3"]
  /// Single precision on both sides.
  static let tolerance = 1e-5

  @Test(arguments: names)
  func logitsLossAndGradientsOfTheFirstMinibatch(_ name: String) throws {
    let golden = try Golden(name)
    for kernels in Kernels.available {
      let run = TrainingRun(try golden.sizes, optimizers[0].configuration, kernels: kernels)
      run.test.putParameters(golden.parameters)
      run.test.load(golden.windows[0])
      Workers(count: 2).run(PhaseList(run.test.gradientPhases))
      let loss = run.test.model.lossSum / Double(run.test.model.minibatch.targetCount)
      #expect(abs(loss - golden.loss) < 1e-6 * golden.loss, "\(kernels.name): loss")
      let gradients = run.test.matrices(run.test.gradients.values)
      #expect(Set(gradients.keys) == Set(golden.gradients.keys))
      for (name, expected) in golden.gradients {
        let error = relativeError(of: gradients[name]?.values ?? [], from: expected)
        #expect(error < Self.tolerance, "\(kernels.name): \(name)")
      }
      #expect(relativeError(of: run.test.logits, from: golden.logits) < Self.tolerance, "\(kernels.name): logits")
    }
  }

  @Test(arguments: names)
  func tenLossesWithEveryOptimizer(_ name: String) throws {
    let golden = try Golden(name)
    #expect(Set(golden.losses.keys) == Set(optimizers.map(\.name)))
    for (name, configuration) in optimizers {
      let run = TrainingRun(try golden.sizes, configuration, clipNorm: 0.25, workers: 2)
      run.test.putParameters(golden.parameters)
      var losses: [Double] = []
      run.train(on: golden.windows) { losses.append($0.lossSum / Double($0.targets)) }
      for (step, (found, expected)) in zip(losses, golden.losses[name] ?? []).enumerated() {
        #expect(abs(found - expected) < Self.tolerance * expected, "\(name), step \(step + 1)")
      }
    }
  }
}

/// What the scripts write.
private struct Golden: Decodable {
  let cell: String
  let layers, vocabulary, embedding, hidden, streams, timesteps: Int
  /// Of an adaptive softmax.
  let cutoffs: [Int]?
  let divValue: Double?
  /// [step][T * B]
  let tokens, targets: [[Int]]
  let parameters: [String: [Float]]
  let logits: [Double]
  let loss: Double
  let gradients: [String: [Double]]
  /// Ten losses for each optimizer.
  let losses: [String: [Double]]

  init(_ name: String) throws {
    let file = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    self = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }

  var sizes: ModelCase {
    get throws {
      let cells: [String: CellKind] = ["tanh": .elman(.tanh), "relu": .elman(.relu), "lstm": .lstm, "gru": .gru]
      var sizes = ModelCase(
        cell: try #require(cells[cell]), layers: layers, vocabulary: vocabulary, embedding: embedding,
        hidden: hidden, classes: vocabulary, streams: streams, timesteps: timesteps)
      if let cutoffs, let divValue { sizes.shape.output = .adaptive(cutoffs: cutoffs, divValue: divValue) }
      return sizes
    }
  }

  var windows: [Window] {
    zip(tokens, targets).map { Window(timesteps: timesteps, streams: streams, inputs: $0, targets: $1) }
  }
}
