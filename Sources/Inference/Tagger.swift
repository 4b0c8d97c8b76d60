import Compute
import Datasets
import Models

/// Tags sentences that need not be in any dataset.
package final class Tagger {
  private let model: TrainedModel
  private let tagging: TaggingVocabulary
  private let workers: Workers
  private var runner: ModelRunner<SequenceModel>?
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

  /// What it tags, by column.
  package var columns: [TagSet] { tagging.columns }

  /// The tags of every word, [sentence][word][column]. Cost: O(words); memory grows with the longest sentence so far.
  package func tag(_ sentences: [[String]]) -> [[[String]]] {
    let decoder = TagDecoder(tagging, output: model.parameters.shape.output)
    return read(sentences) { model, row in
      zip(tagging.columns, decoder.tags(model, row: row)).map { $0.tags[Int($1)] }
    }
  }

  /// A tag with its probability among all tags of the word; where a sentence's tags have a distribution together, the sum over
  /// all sequences of tags that have it there.
  package typealias RankedTag = (tag: String, probability: Double)

  /// The likeliest tag of every word in its first column, which of one column is what `tag` gives, and the likeliest tags by themselves, the likeliest first.
  package func rank(_ sentences: [[String]], count: Int) -> [[(given: RankedTag, ranking: [RankedTag])]] {
    let tags = tagging.columns[0].tags
    func ranked(_ found: RankedClass) -> RankedTag { (tags[Int(found.id)], found.probability) }
    return read(sentences) { model, row in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: tags.count) { logits in
        model.logits(row: row, into: logits)
        let logits = UnsafeBufferPointer(logits)
        return (
          ranked(RankedClass.of(model.prediction(row: row), by: logits)),
          RankedClass.likeliest(count, by: logits).map(ranked)
        )
      }
    }
  }

  /// Something for every word.
  ///
  /// - Parameter result: reads it from the model, which has read the sentence of the word in that row.
  private func read<Result>(
    _ sentences: [[String]], _ result: (_ model: SequenceModel, _ row: Int) -> Result
  ) -> [[Result]] {
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
    let sequence = TokenSequence(
      tokens: Column(tokens), offsets: Column(offsets), forms: Column(numbers), extent: TextExtent(), sourceSHA256: "")
    var results = sentences.map { _ in [Result]() }
    do {
      let minibatches = try SentenceMinibatches(
        model.sentences(sequence, forms: forms.tokens, workers: workers), size: Self.size)
      // Without a single word there is nothing to read.
      if minibatches.count == 0 { return results }
      try runner(for: minibatches.capacity).run(over: minibatches) { model, index in
        for (b, sentence) in minibatches.sentences(ofMinibatch: index).enumerated() {
          results[sentence] = sentences[sentence].indices.map { result(model, model.minibatch.timeline.row($0, b)) }
        }
      }
    } catch {
      preconditionFailure("what is in memory can be read: \(error)")
    }
    return results
  }

  /// A runner of a model that a minibatch of so much fits in.
  private func runner(for needed: SequenceModel.Capacity) -> ModelRunner<SequenceModel> {
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
    result.readings =
      readings.isEmpty ? other.readings : zip(readings, other.readings).map { larger($0, $1) }
    return result
  }
}
