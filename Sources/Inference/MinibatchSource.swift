import Compute
import Datasets
import Files
import Models

/// The minibatches of an epoch: each a pure function of (text, epoch, index, step).
package protocol MinibatchSource: AnyObject {
  /// Minibatches, and so steps, of an epoch.
  var count: Int { get }
  /// Targets of an epoch.
  var targetCount: Int { get }
  /// Most that one of them holds.
  var capacity: SequenceModel.Capacity { get }
  /// Whether a minibatch goes on where the one before ended.
  var carriesState: Bool { get }

  /// What the learning rate is multiplied by in the step of a minibatch.
  ///
  /// - Parameter epoch: counts from 0.
  func learningRateFactor(index: Int, epoch: Int) -> Double

  /// The sequence of a minibatch that each one of the next goes on from; nil: from the one at its place.
  func predecessors(after index: Int) -> [Int32]?

  /// Puts a minibatch into memory that holds it, and prepares it.
  ///
  /// - Parameters:
  ///   - epoch: counts from 0.
  ///   - step: counts updates from 1.
  /// - Throws: what keeps the text from being read.
  func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) throws(FileError)
}

extension MinibatchSource {
  package func learningRateFactor(index: Int, epoch: Int) -> Double { 1 }
  package func predecessors(after index: Int) -> [Int32]? { nil }

  /// Puts a minibatch in where nothing depends on epoch and step: nothing is shuffled and nothing dropped.
  package func fill(_ minibatch: Minibatch, index: Int) throws(FileError) {
    try fill(minibatch, index: index, epoch: 0, step: 1)
  }
}

/// Windows of streams that go on from minibatch to minibatch, as a language model reads them.
package final class StreamMinibatches: MinibatchSource {
  private let batches: StreamBatches
  private let dropout: WordDropout?
  package let count: Int

  /// - Parameters:
  ///   - limit: takes only so many windows, from the first on.
  ///   - dropout: for training.
  package init(_ batches: StreamBatches, limit: Int = .max, dropout: WordDropout? = nil) {
    self.batches = batches
    self.dropout = dropout
    count = min(batches.windowCount, limit)
  }

  package var targetCount: Int { batches.targetCount }
  package var capacity: SequenceModel.Capacity {
    SequenceModel.Capacity(Timeline.Capacity(sequences: batches.streams, timesteps: batches.window))
  }
  package var carriesState: Bool { true }

  package func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) throws(FileError) {
    try batches.fill(window: index, inputs: minibatch.inputs.base, targets: minibatch.targets.base)
    let timesteps = batches.timesteps(inWindow: index)
    dropout?.apply(to: minibatch.inputs.base, rows: timesteps * batches.streams, step: step)
    minibatch.prepare(timesteps: timesteps)
  }
}

/// Reads a share of the tokens as `<unk>`, so that a model learns what to make of words it doesn't know.
package struct WordDropout {
  private let share: Float
  private let unknown: Int32
  private let random: Philox

  /// Nil where nothing is dropped.
  ///
  /// - Parameter unknown: the id of `<unk>`, if there is one.
  package init?(share: Double, unknown: Int32?, seed: Int) {
    guard share > 0, let unknown else { return nil }
    self.share = Float(share)
    self.unknown = unknown
    random = Philox(seed: UInt64(seed))
  }

  func apply(to inputs: UnsafeMutablePointer<Int32>, rows: Int, step: Int) {
    for row in 0..<rows where random.uniform(.wordDropout, step: step, position: row) < share { inputs[row] = unknown }
  }
}
