import Compute
import ModelTestSupport
import Models
import Optimizers
import Testing
import Training

/// The seam of a step: a minibatch in two shards, whose gradients are summed there, trains as one whole does.
@Suite struct GradientExchangeTests {
  static let sizes = [
    // Each shard lacks some of the tokens: the sum has more rows than either.
    ModelCase(
      cell: .lstm, layers: 2, vocabulary: 31, embedding: 7, hidden: 13, classes: 33, streams: 5, timesteps: 11),
    ModelCase(
      cell: .gru, layers: 1, vocabulary: 17, embedding: 13, hidden: 13, classes: 19, streams: 4, timesteps: 9),
  ]

  /// Adds the gradients of another shard's model, which has its own.
  private struct Sum: GradientExchange {
    let other: TestModel

    func phases(summing gradients: Gradients) -> [Phase] {
      [
        Phase(.exchange, jobs: { 1 }) { _ in
          let others = other.gradients
          for index in 0..<gradients.values.count { gradients.values.floats[index] += others.values.floats[index] }
          for (mine, theirs) in zip(gradients.byRows, others.byRows) {
            for place in 0..<theirs.rows.count {
              let known = mine.rows.count
              let sum = Int(mine.rows.insert(theirs.rows.ids[place]))
              if sum == known { mine.values.rows(sum..<sum + 1).zeroRows() }
              for column in 0..<mine.values.columns { mine.values[sum, column] += theirs.values[place, column] }
            }
          }
        }
      ]
    }
  }

  /// Some streams of a window.
  private static func shard(_ window: Window, _ streams: Range<Int>) -> Window {
    let rows = (0..<window.timesteps).flatMap { t in streams.map { t * window.streams + $0 } }
    return Window(
      timesteps: window.timesteps, streams: streams.count, inputs: rows.map { window.inputs[$0] },
      targets: rows.map { window.targets[$0] })
  }

  @Test(arguments: sizes, [1, 2])
  func twoShardsAreOneMinibatch(_ sizes: ModelCase, streams: Int) {
    var random = TestRandom(seed: 71)
    let window = Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
    let whole = TrainingRun(sizes, SGD(learningRate: 20), clipNorm: 0.01)
    let expected = whole.step.run(step: 1, learningRate: 20) { _ in whole.test.load(window) }

    func model(_ streams: Int) -> TestModel {
      TestModel(sizes.shape, streams: streams, timesteps: sizes.timesteps)
    }
    let (others, mine) = (model(streams), model(sizes.streams - streams))
    others.load(Self.shard(window, 0..<streams))
    others.model.begin(step: 1, targets: window.targetCount)
    Workers(count: 1).run(PhaseList(others.gradientPhases))
    let run = TrainingRun(mine, SGD(learningRate: 20), clipNorm: 0.01, workers: 2, exchange: Sum(other: others))
    let found = run.step.run(step: 1, learningRate: 20, targets: window.targetCount) { _ in
      mine.load(Self.shard(window, streams..<sizes.streams))
    }

    #expect(abs(found.lossSum + others.model.lossSum - expected.lossSum) < 1e-5 * expected.lossSum)
    // Clipped by the norm of the sum.
    #expect(abs(found.gradientNorm - expected.gradientNorm) < 1e-5 * expected.gradientNorm)
    let parameters = run.test.matrices(run.test.parameters.values)
    for (name, after) in whole.test.matrices(whole.test.parameters.values) {
      #expect(relativeError(of: parameters[name]?.values ?? [], from: after.values) < 2e-6, "\(name)")
    }
  }
}
