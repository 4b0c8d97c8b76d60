import Compute
import Configuration
import Foundation
import ModelTestSupport
import Models
import Optimizers
import Testing

/// PyTorch's numbers for a model, as each of the scripts in Golden writes them into one file with what describes the model.
struct GoldenNumbers: Decodable {
  let parameters: [String: [Float]]
  /// Of the first minibatch, as are loss and gradients.
  let logits: [Double]
  let loss: Double
  let gradients: [String: [Double]]
  /// Ten losses for each optimizer.
  let losses: [String: [Double]]
  /// Likewise with updates by rows, where the script has them.
  let sparseLosses: [String: [Double]]?

  /// Single precision on both sides.
  static let tolerance = 1e-5

  static func read<Model: Decodable>(_ name: String, of model: Model.Type) throws -> (Model, GoldenNumbers) {
    try read(name, of: model, GoldenNumbers.self)
  }

  static func read<Model: Decodable, Numbers: Decodable>(
    _ name: String, of model: Model.Type, _ numbers: Numbers.Type
  ) throws -> (Model, Numbers) {
    let file = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    let data = try Data(contentsOf: file)
    return (try JSONDecoder().decode(model, from: data), try JSONDecoder().decode(numbers, from: data))
  }

  /// After the gradient phases of the first minibatch.
  func expectFirstMinibatch(_ test: TestModel, _ kernels: String) {
    let loss = test.model.lossSum / Double(test.model.minibatch.targetCount)
    #expect(abs(loss - self.loss) < 1e-6 * self.loss, "\(kernels): loss")
    let gradients = test.gradientMatrices
    #expect(Set(gradients.keys) == Set(self.gradients.keys))
    for (name, expected) in self.gradients {
      let error = relativeError(of: gradients[name]?.values ?? [], from: expected)
      #expect(error < Self.tolerance, "\(kernels): \(name)")
    }
    #expect(relativeError(of: test.logits, from: logits) < Self.tolerance, "\(kernels): logits")
  }

  /// - Parameter train: returns the mean loss of each step with an optimizer, clipping at a norm of 0.25.
  func expectLosses(_ train: (any Optimizer) throws -> [Double]) rethrows {
    #expect(Set(losses.keys) == Set(optimizers.map(\.name)))
    for (name, configuration) in optimizers {
      for (step, (found, expected)) in zip(try train(configuration), losses[name] ?? []).enumerated() {
        #expect(abs(found - expected) < Self.tolerance * expected, "\(name), step \(step + 1)")
      }
    }
  }
}

/// A network as a script in Golden describes it, with what it reads.
protocol GoldenNetwork: Decodable {
  /// With PyTorch's first parameters, and room for all minibatches.
  func model(_ parameters: [String: [Float]], kernels: Kernels) throws -> TestModel
  /// [step]
  var minibatches: [Sentences] { get }
  /// [step] the same for output layers behind the first one.
  var furtherMinibatches: [[Sentences]] { get }
}

extension GoldenNetwork {
  var furtherMinibatches: [[Sentences]] { minibatches.map { _ in [] } }

  static func expectFirstMinibatch(_ name: String) throws {
    let (network, golden) = try GoldenNumbers.read(name, of: Self.self)
    for kernels in Kernels.available {
      let test = try network.model(golden.parameters, kernels: kernels)
      test.load(network.minibatches[0], further: network.furtherMinibatches[0])
      Workers(count: 2).run(PhaseList(test.gradientPhases))
      golden.expectFirstMinibatch(test, kernels.name)
    }
  }

  static func expectLosses(_ name: String) throws {
    let (network, golden) = try GoldenNumbers.read(name, of: Self.self)
    try golden.expectLosses { optimizer in
      TrainingRun(
        try network.model(golden.parameters, kernels: Kernels.available[0]), optimizer, clipNorm: 0.25, workers: 2
      ).losses(on: network.minibatches, further: network.furtherMinibatches)
    }
  }
}
