import Compute
import Datasets
import Files
import Models

/// Windows of random lengths of streams that go on from minibatch to minibatch; the learning rate is scaled by the length, so that
/// a timestep counts for as much in a short window as in a long one.
package final class RandomWindowMinibatches: MinibatchSource {
  private let batches: StreamBatches
  private let windows: RandomWindows
  private let base: Int
  private let random: Philox
  private let dropout: WordDropout?
  /// Those of one epoch.
  private var order: [Range<Int>] = []
  private var epoch: Int?

  // Sequences of random numbers for lengths: which are halved, and how far each is from its mean.
  private static let (halving, deviating) = (0, 1)

  /// - Parameter dropout: for training.
  package init(
    _ batches: StreamBatches, _ distribution: RandomWindows.Distribution, seed: Int, dropout: WordDropout? = nil
  ) {
    let random = Philox(seed: UInt64(seed))
    self.batches = batches
    self.dropout = dropout
    self.random = random
    base = distribution.base
    windows = RandomWindows(length: batches.length, distribution) { number in
      var normal: Float = 0
      random.fill(&normal, normal: 4 * number..<4 * number + 1, .windows, step: Self.deviating)
      return (random.uniformDouble(.windows, step: Self.halving, position: number), Double(normal))
    }
  }

  package var count: Int { windows.count }
  package var targetCount: Int { batches.targetCount }
  package var capacity: SequenceModel.Capacity {
    SequenceModel.Capacity(Timeline.Capacity(sequences: batches.streams, timesteps: windows.longest))
  }
  package var carriesState: Bool { true }

  package func learningRateFactor(index: Int, epoch: Int) -> Double {
    Double(timesteps(ofWindow: index, epoch: epoch).count) / Double(base)
  }

  package func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) throws(FileError) {
    let timesteps = timesteps(ofWindow: index, epoch: epoch)
    try batches.fill(timesteps: timesteps, inputs: minibatch.inputs.base, targets: minibatch.targets.base)
    dropout?.apply(to: minibatch.inputs.base, rows: timesteps.count * batches.streams, step: step)
    minibatch.prepare(timesteps: timesteps.count)
  }

  private func timesteps(ofWindow index: Int, epoch: Int) -> Range<Int> {
    if self.epoch != epoch {
      order = windows.shuffled { random.bits(.shuffling, step: epoch, position: $0) }
      self.epoch = epoch
    }
    return order[index]
  }
}
