import Compute
import ModelTestSupport
import Models
import Optimizers
import Testing

/// The transposed copies of weights are those of what a step leaves, whichever worker updates how many of their panels.
@Suite struct TransposedCopyTests {
  @Test(arguments: [1, 2, 5], [17, 300]) func copiesFollowTheUpdate(workers: Int, units: Int) {
    let shape = ModelShape(vocabulary: 40, embedding: 24, cell: .lstm, hidden: units, layers: 2, classes: 40)
    let test = TestModel(shape, streams: 6, timesteps: 4, workers: workers)
    let layers = test.parameters.layout.layers.flatMap { $0 }
    let frozen = layers[0].recurrentWeight
    let before = test.tensors
    let run = TrainingRun(test, Adam(.decoupled), clipNorm: 1, frozen: [frozen], workers: workers)
    var random = TestRandom(seed: 5)
    run.train(on: (0..<2).map { _ in Window(timesteps: 4, streams: 6, of: shape, using: &random) })
    for handle in layers.flatMap({ [$0.inputWeight, $0.recurrentWeight] }) {
      let name = test.parameters.layout[handle].name
      #expect((test.tensors[name] == before[name]) == (handle == frozen), "\(name)")
    }
    #expect(staleCopies(of: test) == [])
  }

  /// A gradient that isn't finite touches neither weights nor copies, and the next one that is goes on from them.
  @Test(arguments: [1, 3]) func nothingIsRenewedThatDiverged(workers: Int) {
    let shape = ModelShape(vocabulary: 40, embedding: 24, cell: .gru, hidden: 45, layers: 1, classes: 40)
    let test = TestModel(shape, streams: 6, timesteps: 4, workers: workers)
    let run = TrainingRun(test, Adam(.decoupled), clipNorm: 1, workers: workers)
    var random = TestRandom(seed: 5)
    let window = Window(timesteps: 4, streams: 6, of: shape, using: &random)
    run.train(on: [window])
    let weight = test.parameters.view(test.parameters.layout.layers[0][0].recurrentWeight)
    let (before, element) = (test.tensors, weight[3, 5])
    weight[3, 5] = .nan
    run.train(on: [window]) { #expect(!$0.gradientNorm.isFinite) }
    weight[3, 5] = element
    #expect(test.tensors == before)
    #expect(staleCopies(of: test) == [])
    test.model.resetState()
    run.train(on: [window]) { #expect($0.gradientNorm.isFinite) }
    #expect(test.tensors != before)
    #expect(staleCopies(of: test) == [])
  }
}

/// Names of weights of layers whose transposed copies aren't what the weights are.
func staleCopies(of test: TestModel) -> [String] {
  let layers = test.parameters.layout.layers.flatMap { $0 }
  return layers.flatMap { [$0.inputWeight, $0.recurrentWeight] }.compactMap { handle in
    let (weight, transposed) = (test.parameters.view(handle), test.parameters.transposed(handle))
    let isTransposed = (0..<weight.rows).allSatisfy { row in
      (0..<weight.columns).allSatisfy { transposed[$0, row] == weight[row, $0] }
    }
    return isTransposed ? nil : test.parameters.layout[handle].name
  }
}
