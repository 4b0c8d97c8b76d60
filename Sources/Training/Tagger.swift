import Compute
import Datasets
import Models

/// Tags sentences that need not be in any dataset.
package final class Tagger {
  private let parameters: Parameters
  private let vocabulary: Vocabulary
  private let tagging: TaggingVocabulary
  private let workers: Workers
  private var model: SequenceModel?
  private var phases = PhaseList([])
  private var capacity = SequenceModel.Capacity(Timeline.Capacity(sequences: 0, timesteps: 0))

  /// Sentences of a minibatch.
  private static let size = 32

  /// - Parameter file: what errors call the checkpoint.
  package convenience init(
    _ checkpoint: Checkpoint, file: String, kernels: Kernels, workers: Workers
  ) throws(TrainingError) {
    guard let tagging = checkpoint.tagging else { throw .otherTask(file: file, expected: "a tagger") }
    self.init(
      try checkpoint.parameters(file: file, kernels: kernels), vocabulary: checkpoint.vocabulary, tagging: tagging,
      workers: workers)
  }

  init(_ parameters: Parameters, vocabulary: Vocabulary, tagging: TaggingVocabulary, workers: Workers) {
    self.parameters = parameters
    self.vocabulary = vocabulary
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
        tokens.append(vocabulary.id(of: word) ?? 0)
      }
      offsets.append(Int64(tokens.count))
    }
    let sequence = TokenSequence(tokens: tokens, offsets: offsets, forms: numbers, characters: 0, sourceSHA256: "")
    let isSpelled = parameters.shape.characters != nil
    let words = TaggedSentences(
      sequence, spellings: isSpelled ? Spellings(of: forms.tokens, in: tagging.characters) : nil)
    let batches = SentenceBatches(sequence, size: Self.size)
    // Without a single word there is no tag.
    if batches.batchCount == 0 { return sentences }
    let model = model(for: words.capacity(batches))
    var result = sentences.map { [String](repeating: "", count: $0.count) }
    for index in 0..<batches.batchCount {
      let chosen = batches.sentences(ofBatch: index)
      words.fill(model, sentences: chosen)
      workers.run(phases)
      for (b, sentence) in chosen.enumerated() {
        for t in result[sentence].indices {
          result[sentence][t] = tagging.tags[Int(model.prediction(row: model.minibatch.timeline.row(t, b)))]
        }
      }
    }
    return result
  }

  /// A model that a minibatch of so much fits in.
  private func model(for needed: SequenceModel.Capacity) -> SequenceModel {
    if let model, capacity.holds(needed) { return model }
    capacity = capacity.extended(to: needed)
    let model = SequenceModel(
      parameters, capacity, gradients: nil, workers: workers.parallelism, carriesState: false, predicts: true)
    phases = PhaseList(model.forwardPhases() + model.lossPhases())
    self.model = model
    return model
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
