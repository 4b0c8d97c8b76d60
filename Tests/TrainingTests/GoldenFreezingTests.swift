import Configuration
import Keys
import ModelTestSupport
import Models
import Testing
import Training

/// Parameters that stay as they are, against PyTorch's `requires_grad = False`: see Golden/make_golden_freezing.py.
@Suite struct GoldenFreezingTests {
  @Test func lossesNormsAndParametersArePyTorchs() throws {
    let (model, golden) = try GoldenNumbers.read("freezing", of: GoldenWindows.self, GoldenFreezing.self)
    #expect(golden.cases.count == 5)
    for expected in golden.cases {
      let name = "\(expected.optimizer), \(expected.freeze)"
      let optimizer = try #require(optimizers.first { $0.name == expected.optimizer }).configuration
      let sizes = try model.sizes
      let layout = ParameterLayout(sizes.shape)
      let frozen = try Self.training(freeze: expected.freeze).frozenParameters(of: layout)
      let run = TrainingRun(sizes, optimizer, clipNorm: 0.1, frozen: frozen, workers: 2)
      run.test.putParameters(golden.parameters)
      var (losses, norms): ([Double], [Double]) = ([], [])
      run.train(on: model.windows) {
        losses.append($0.lossSum / Double($0.targets))
        norms.append($0.gradientNorm)
      }
      #expect(relativeError(of: losses, from: expected.losses) < GoldenNumbers.tolerance, "\(name): losses")
      #expect(relativeError(of: norms, from: expected.norms) < GoldenNumbers.tolerance, "\(name): norms")
      for parameter in layout.parameters {
        let after = layout.elements(of: parameter, in: run.test.parameters.values)
        let error = relativeError(of: after.map(Double.init), from: expected.after[parameter.name] ?? [])
        #expect(error < GoldenNumbers.tolerance, "\(name): \(parameter.name)")
        guard frozen.contains(parameter.handle) else { continue }
        #expect(after == golden.parameters[parameter.name], "\(name): \(parameter.name)")
        for moment in run.optimizer.moments {
          #expect(layout.elements(of: parameter, in: moment.arena).allSatisfy { $0 == 0 }, "\(name): \(moment.name)")
        }
      }
    }
  }

  /// By whole names, by layers with all of their directions, and by beginnings.
  @Test func names() throws {
    var shape = ModelShape(vocabulary: 5, embedding: 3, cell: .gru, hidden: 4, layers: 11, classes: 5)
    shape.isBidirectional = true
    let layout = ParameterLayout(shape)
    func named(_ names: String...) throws -> [String] {
      let frozen = try Self.training(freeze: names).frozenParameters(of: layout)
      return layout.parameters.filter { frozen.contains($0.handle) }.map(\.name)
    }
    #expect(try named("embedding") == ["embedding.weight"])
    #expect(try named("rnn.weight_hh_l1") == ["rnn.weight_hh_l1"])
    #expect(
      try named("rnn.l1", "decoder.bias") == [
        "rnn.weight_ih_l1", "rnn.weight_hh_l1", "rnn.bias_ih_l1", "rnn.bias_hh_l1", "rnn.weight_ih_l1_reverse",
        "rnn.weight_hh_l1_reverse", "rnn.bias_ih_l1_reverse", "rnn.bias_hh_l1_reverse", "decoder.bias",
      ])
    #expect(try named("rnn").count == 11 * 8)
    #expect(try named("rnn.weight_hh").count == 11 * 2)
    #expect(throws: unsuitable("no parameter is called rnn.l12; did you mean rnn.l1?")) { try named("rnn.l12") }
    #expect(throws: unsuitable("all parameters would stay as they are, and nothing would be learnt")) {
      try named("embedding", "rnn", "decoder")
    }
  }

  private func unsuitable(_ reason: String) -> TrainingError {
    .unsuitable(Objection(key: "training.freeze", reason: reason))
  }

  static func training(freeze: [String]) -> RunConfiguration.Training {
    var training = RunConfiguration.Training()
    training.freeze = freeze
    return training
  }
}

/// PyTorch's numbers for the same steps with different parameters frozen.
private struct GoldenFreezing: Decodable {
  struct Case: Decodable {
    let freeze: [String]
    let optimizer: String
    let losses, norms: [Double]
    let after: [String: [Double]]
  }

  let parameters: [String: [Float]]
  let cases: [Case]
}
