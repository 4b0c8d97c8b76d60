import Compute
import Configuration
import Foundation
import ModelTestSupport
import Models
import Optimizers
import Testing
import Training

/// Parameters whose gradients have some rows only: updated as if they had all, or row by row.
@Suite struct SparseUpdateTests {
  static let sizes: ModelCase = {
    var sizes = ModelCase(
      cell: .gru, layers: 1, vocabulary: 2103, embedding: 19, hidden: 21, classes: 2103, streams: 5, timesteps: 7)
    sizes.shape.output = .sampled(samples: 30)
    return sizes
  }()

  /// What the optimizers' formulas make of every element, with gradients of zero where a step has none; with `sparse`, of the rows
  /// that the step has.
  @Test(arguments: optimizers.map(\.name), [false, true])
  func rowsFollowTheFormulas(optimizer name: String, sparse: Bool) throws {
    let configuration = try #require(optimizers.first { $0.name == name }).configuration
    let run = TrainingRun(Self.sizes, configuration, sparse: sparse, workers: 2)
    let layout = run.test.parameters.layout
    let rowParameters = layout.parameters.filter { $0.gradientRows != .all }
    #expect(rowParameters.map(\.name) == ["embedding.weight", "decoder.weight", "decoder.bias"])
    /// The parameter and its moments.
    func tensors(_ parameter: Parameter) -> [[Float]] {
      ([run.test.parameters.values] + run.optimizer.moments.map(\.arena)).map { layout.elements(of: parameter, in: $0) }
    }
    var (before, left) = (rowParameters.map(tensors), 0)
    var step = 0
    let formula = try #require(configuration as? any UpdateFormula)
    run.train(on: SameStepsTests.windows(Self.sizes)) { _ in
      step += 1
      for (number, parameter) in rowParameters.enumerated() {
        guard let gradient = run.test.gradients.rows(parameter.name) else { return }
        let (gradients, after) = (run.test.gradients.elements(of: parameter), tensors(parameter))
        let width = parameter.elementCount / parameter.shape[0]
        for index in gradients.indices {
          let (old, new) = (before[number].map { $0[index] }, after.map { $0[index] })
          if sparse, gradient.rows.place(of: index / width) == nil {
            left += 1
            if old != new { Issue.record("\(parameter.name) \(index) has moved") }
          } else {
            let expected = formula.updated(old.map(Double.init), Double(gradients[index]), step: step)
            for (found, expected) in zip(new, expected)
            where abs(Double(found) - expected) > 1e-5 * max(1, abs(expected)) {
              Issue.record("\(parameter.name) \(index), step \(step): \(found), expected \(expected)")
            }
          }
        }
        before[number] = after
      }
    }
    #expect((left > 10_000) == sparse)
  }

  @Test func theNormIsThatOfAllRows() {
    let run = TrainingRun(Self.sizes, SGD(learningRate: 0.1), workers: 2)
    run.train(on: SameStepsTests.windows(Self.sizes)) { result in
      let square = run.test.gradientMatrices.values.flatMap(\.values).reduce(0) { $0 + $1 * $1 }
      #expect(abs(result.gradientNorm - square.squareRoot()) < 1e-12 * result.gradientNorm)
    }
  }

  @Test func gradientsTakeMemoryForTheRowsOfAMinibatchOnly() {
    let test = TestModel(Self.sizes.shape, streams: Self.sizes.streams, timesteps: Self.sizes.timesteps)
    #expect(test.gradients.values.count == test.parameters.layout.denseCount)
    let embedding = test.gradients.rows("embedding.weight")?.values
    let decoder = test.gradients.rows("decoder.weight")?.values
    let bias = test.gradients.rows("decoder.bias")?.values
    #expect(embedding?.rows == 35 && decoder?.rows == 30 + 35 && bias?.columns == 30 + 35)
    // What every step has as a whole is what a tied embedding has, whose gradient comes from all classes.
    var tied = ModelCase(
      .tanh, layers: 1, vocabulary: 40, embedding: 19, hidden: 19, classes: 40, streams: 3, timesteps: 4
    ).shape
    tied.tiesEmbeddings = true
    #expect(TestModel(tied, streams: 3, timesteps: 4).gradients.byRows.isEmpty)
    // Candidates, targets and inputs, of a sample.
    tied.output = .sampled(samples: 5)
    let rows = TestModel(tied, streams: 3, timesteps: 4).gradients.rows("embedding.weight")?.values.rows
    #expect(rows == 5 + 2 * 12)
  }
}

/// PyTorch's formula of an optimizer, or its paper's where PyTorch has none.
private protocol UpdateFormula {
  /// One element and its moments after a step.
  func updated(_ old: [Double], _ gradient: Double, step: Int) -> [Double]
}

extension SGD: UpdateFormula {
  fileprivate func updated(_ old: [Double], _ gradient: Double, step: Int) -> [Double] {
    let w = old[0]
    let d = gradient + weightDecay * w
    guard momentum > 0 else { return [w - learningRate * d] }
    let v = momentum * old[1] + d
    return [w - learningRate * (nesterov ? d + momentum * v : v), v]
  }
}

extension RMSProp: UpdateFormula {
  fileprivate func updated(_ old: [Double], _ gradient: Double, step: Int) -> [Double] {
    let s = alpha * old[1] + (1 - alpha) * gradient * gradient
    return [old[0] - learningRate * gradient / (s.squareRoot() + epsilon), s]
  }
}

extension Adam: UpdateFormula {
  fileprivate func updated(_ old: [Double], _ gradient: Double, step: Int) -> [Double] {
    let (w, isDecoupled) = (old[0], decay == .decoupled)
    let d = gradient + (isDecoupled ? 0 : weightDecay * w)
    let m = beta1 * old[1] + (1 - beta1) * d
    let v = beta2 * old[2] + (1 - beta2) * d * d
    let corrected = (v / (1 - pow(beta2, Double(step)))).squareRoot()
    let move = learningRate * m / (1 - pow(beta1, Double(step))) / (corrected + epsilon)
    return [w * (isDecoupled ? 1 - learningRate * weightDecay : 1) - move, m, v]
  }
}

extension Lion: UpdateFormula {
  fileprivate func updated(_ old: [Double], _ gradient: Double, step: Int) -> [Double] {
    let (w, m) = (old[0], old[1])
    let c = beta1 * m + (1 - beta1) * gradient
    let direction: Double = c == 0 ? 0 : c.sign == .minus ? -1 : 1
    return [w - learningRate * (direction + weightDecay * w), beta2 * m + (1 - beta2) * gradient]
  }
}
