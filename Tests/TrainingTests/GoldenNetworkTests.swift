import Compute
import Foundation
import ModelTestSupport
import Models
import Testing

/// The program against PyTorch's numbers for networks that read sentences: see Golden/make_golden.py.
@Suite struct GoldenNetworkTests {
  static let names = [
    "bidirectional-tanh", "bidirectional-lstm", "bidirectional-gru", "residual-lstm", "residual-bidirectional-lstm",
    "tied-lstm", "tagger-lstm", "tagger-gru",
  ]

  @Test(arguments: names)
  func logitsLossAndGradientsOfTheFirstMinibatch(_ name: String) throws {
    let golden = try GoldenNetwork(name)
    for kernels in Kernels.available {
      let test = try golden.model(kernels: kernels)
      test.load(golden.minibatches[0])
      Workers(count: 2).run(PhaseList(test.gradientPhases))
      let loss = test.model.lossSum / Double(test.model.minibatch.targetCount)
      #expect(abs(loss - golden.loss) < 1e-6 * golden.loss, "\(kernels.name): loss")
      let gradients = test.matrices(test.gradients.values)
      #expect(Set(gradients.keys) == Set(golden.gradients.keys))
      for (name, expected) in golden.gradients {
        let error = relativeError(of: gradients[name]?.values ?? [], from: expected)
        #expect(error < GoldenTests.tolerance, "\(kernels.name): \(name)")
      }
      #expect(relativeError(of: test.logits, from: golden.logits) < GoldenTests.tolerance, "\(kernels.name): logits")
    }
  }

  @Test(arguments: names)
  func tenLossesWithEveryOptimizer(_ name: String) throws {
    let golden = try GoldenNetwork(name)
    #expect(Set(golden.losses.keys) == Set(optimizers.map(\.name)))
    for (name, configuration) in optimizers {
      let run = TrainingRun(try golden.model(), configuration, clipNorm: 0.25, workers: 2)
      let losses = run.losses(on: golden.minibatches)
      for (step, (found, expected)) in zip(losses, golden.losses[name] ?? []).enumerated() {
        #expect(abs(found - expected) < GoldenTests.tolerance * expected, "\(name), step \(step + 1)")
      }
    }
  }
}

/// What make_golden.py writes of a network that reads sentences.
private struct GoldenNetwork: Decodable {
  struct Characters: Decodable {
    let vocabulary, embedding, hidden: Int
  }

  let cell: String
  let layers, vocabulary, embedding, hidden, classes: Int
  let bidirectional, residual, tied: Bool
  let characters: Characters?
  /// [form][character]
  let spellings: [[Int]]
  /// [step][sentence][timestep]: forms, and what is to be predicted.
  let sentences, targets: [[[Int]]]
  let parameters: [String: [Float]]
  let logits: [Double]
  let loss: Double
  let gradients: [String: [Double]]
  /// Ten losses for each optimizer.
  let losses: [String: [Double]]

  init(_ name: String) throws {
    let file = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    self = try JSONDecoder().decode(GoldenNetwork.self, from: Data(contentsOf: file))
  }

  /// With PyTorch's first parameters, and room for all minibatches.
  func model(kernels: Kernels = Kernels.available[0]) throws -> TestModel {
    let cells: [String: CellKind] = ["tanh": .elman(.tanh), "lstm": .lstm, "gru": .gru]
    var shape = ModelShape(
      vocabulary: vocabulary, embedding: embedding, cell: try #require(cells[cell]), hidden: hidden, layers: layers,
      classes: classes)
    shape.isBidirectional = bidirectional
    shape.isResidual = residual
    shape.tiesEmbeddings = tied
    shape.characters = characters.map {
      ModelShape.Characters(vocabulary: $0.vocabulary, embedding: $0.embedding, hidden: $0.hidden)
    }
    let lengths = sentences.joined().map(\.count)
    let (most, longest) = (sentences.map(\.count).max() ?? 0, lengths.max() ?? 0)
    let test = TestModel(
      shape, lengths: [Int](repeating: longest, count: most), dropout: DropoutRates(), carriesState: false,
      workers: 2, kernels: kernels)
    test.putParameters(parameters)
    return test
  }

  var minibatches: [Sentences] {
    zip(sentences, targets).map { forms, targets in
      let sequences = zip(forms, targets).map { forms, targets in
        // Forms past the vocabulary are unknown words.
        zip(forms, targets).map { Sentences.Token(id: $0 < vocabulary ? $0 : 0, form: $0, target: $1) }
      }
      return Sentences(sequences: sequences, spellings: spellings)
    }
  }
}
