import Compute
import Configuration
import Datasets
import Models

/// The minibatches of a run's epochs: each a pure function of (configuration, dataset, epoch, index, step).
protocol MinibatchSource: AnyObject {
  /// Minibatches, and so steps, of an epoch.
  var count: Int { get }
  /// Targets of an epoch.
  var targetCount: Int { get }
  /// Most that one of them holds.
  var capacity: SequenceModel.Capacity { get }
  /// Whether a minibatch goes on where the one before ended.
  var carriesState: Bool { get }

  /// Puts a minibatch into a model, ready for a step.
  ///
  /// - Parameters:
  ///   - epoch: counts from 0.
  ///   - step: counts updates from 1.
  func fill(_ model: SequenceModel, index: Int, epoch: Int, step: Int)
}

/// A language model's: windows of streams.
final class StreamMinibatches: MinibatchSource {
  private let batches: StreamBatches
  private let dropout: WordDropout?

  init(_ batches: StreamBatches, dropout: WordDropout? = nil) {
    self.batches = batches
    self.dropout = dropout
  }

  var count: Int { batches.windowCount }
  var targetCount: Int { batches.targetCount }
  var capacity: SequenceModel.Capacity {
    SequenceModel.Capacity(Timeline.Capacity(sequences: batches.streams, timesteps: batches.window))
  }
  var carriesState: Bool { true }

  func fill(_ model: SequenceModel, index: Int, epoch: Int, step: Int) {
    let minibatch = model.minibatch
    batches.fill(window: index, inputs: minibatch.inputs.base, targets: minibatch.targets.base)
    let timesteps = batches.timesteps(inWindow: index)
    dropout?.apply(to: minibatch.inputs.base, rows: timesteps * batches.streams, step: step)
    minibatch.prepare(timesteps: timesteps)
  }
}

/// A tagger's: sentences of similar length.
final class SentenceMinibatches: MinibatchSource {
  private let sentences: TaggedSentences
  private let random: Philox
  private let dropout: WordDropout?
  /// In the order of an epoch.
  private var batches: SentenceBatches
  private var epoch: Int?

  init(_ sentences: TaggedSentences, size: Int, seed: Int, dropout: WordDropout?) {
    self.sentences = sentences
    self.dropout = dropout
    batches = SentenceBatches(sentences.sequence, size: size)
    random = Philox(seed: UInt64(seed))
  }

  var count: Int { batches.batchCount }
  var targetCount: Int { batches.tokenCount }
  var capacity: SequenceModel.Capacity { sentences.capacity(batches) }
  var carriesState: Bool { false }

  func fill(_ model: SequenceModel, index: Int, epoch: Int, step: Int) {
    if self.epoch != epoch {
      batches = batches.shuffled { [random] position in
        let words = random.words(.shuffling, step: epoch, block: position)
        return UInt64(words[0]) << 32 | UInt64(words[1])
      }
      self.epoch = epoch
    }
    sentences.fill(model, sentences: batches.sentences(ofBatch: index)) { [dropout] inputs, rows in
      dropout?.apply(to: inputs, rows: rows, step: step)
    }
  }
}

/// Reads a share of the tokens as `<unk>`, so that a model learns what to make of words it doesn't know.
struct WordDropout {
  private let share: Float
  private let unknown: Int32
  private let random: Philox

  /// Nil where nothing is dropped.
  init?(_ configuration: RunConfiguration, unknown: Int32?) {
    guard configuration.model.wordDropout > 0, let unknown else { return nil }
    share = Float(configuration.model.wordDropout)
    self.unknown = unknown
    random = Philox(seed: UInt64(configuration.seed))
  }

  func apply(to inputs: UnsafeMutablePointer<Int32>, rows: Int, step: Int) {
    for row in 0..<rows where random.uniform(.wordDropout, step: step, position: row) < share { inputs[row] = unknown }
  }
}
