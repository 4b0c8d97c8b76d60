import Compute
import Datasets
import Models

/// Tags sentences that need not be in any dataset.
package final class Tagger {
  private let model: TrainedModel
  private let tagging: TaggingVocabulary
  private let workers: Workers
  private var runner: ModelRunner?
  private var capacity = SequenceModel.Capacity(Timeline.Capacity(sequences: 0, timesteps: 0))

  /// Sentences of a minibatch.
  private static let size = 32

  /// Nil for a model that knows no tags.
  package init?(_ model: TrainedModel, workers: Workers) {
    guard let tagging = model.tagging else { return nil }
    self.model = model
    self.tagging = tagging
    self.workers = workers
  }

  /// Where CoNLL-U has the tags.
  package var column: TagColumn { tagging.column }

  /// A tag for every word. Cost: O(words); memory grows with the longest sentence so far.
  package func tag(_ sentences: [[String]]) -> [[String]] {
    var forms = TokenTable()
    var tokens: [Int32] = []
    var numbers: [Int32] = []
    var offsets: [Int64] = [0]
    for sentence in sentences {
      for word in sentence {
        numbers.append(forms.insert(word))
        tokens.append(model.vocabulary.id(of: word) ?? 0)
      }
      offsets.append(Int64(tokens.count))
    }
    let sequence = TokenSequence(tokens: tokens, offsets: offsets, forms: numbers, characters: 0, sourceSHA256: "")
    let minibatches = SentenceMinibatches(model.sentences(sequence, forms: forms.tokens), size: Self.size)
    // Without a single word there is no tag.
    if minibatches.count == 0 { return sentences }
    var result = sentences.map { [String](repeating: "", count: $0.count) }
    runner(for: minibatches.capacity).run(over: minibatches) { model, index in
      for (b, sentence) in minibatches.sentences(ofMinibatch: index).enumerated() {
        for t in result[sentence].indices {
          result[sentence][t] = tagging.tags[Int(model.prediction(row: model.minibatch.timeline.row(t, b)))]
        }
      }
    }
    return result
  }

  /// A runner of a model that a minibatch of so much fits in.
  private func runner(for needed: SequenceModel.Capacity) -> ModelRunner {
    if let runner, capacity.holds(needed) { return runner }
    capacity = capacity.extended(to: needed)
    let runner = ModelRunner(model.parameters, capacity, carriesState: false, predicts: true, workers: workers)
    self.runner = runner
    return runner
  }
}

extension SequenceModel.Capacity {
  fileprivate func holds(_ other: Self) -> Bool { extended(to: other) == self }

  fileprivate func extended(to other: Self) -> Self {
    func larger(_ a: Timeline.Capacity, _ b: Timeline.Capacity) -> Timeline.Capacity {
      Timeline.Capacity(
        sequences: max(a.sequences, b.sequences), timesteps: max(a.timesteps, b.timesteps), rows: max(a.rows, b.rows))
    }
    var result = Self(larger(timeline, other.timeline), forms: other.forms.map { max($0, forms ?? 0) })
    if let characters = other.characters { result.characters = larger(characters, self.characters ?? characters) }
    return result
  }
}
