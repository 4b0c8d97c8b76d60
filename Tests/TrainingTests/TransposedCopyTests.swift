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
      let (weight, transposed) = (test.parameters.view(handle), test.parameters.transposed(handle))
      let isTransposed = (0..<weight.rows).allSatisfy { row in
        (0..<weight.columns).allSatisfy { transposed[$0, row] == weight[row, $0] }
      }
      #expect(isTransposed, "\(name)")
    }
  }
}
