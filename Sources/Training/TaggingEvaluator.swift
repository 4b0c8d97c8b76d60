import Compute
import Datasets
import Models

/// Reads tagged sentences with a tagger.
package final class TaggingEvaluator: SplitEvaluator {
  private let parameters: Parameters
  private let tagging: TaggingVocabulary
  private let spellings: Spellings?
  private let workers: Workers

  /// Sentences of a minibatch: how many are read at a time never shows in a result.
  private static let size = 32

  /// - Parameter forms: what the splits' words are spelled as; the training words come first.
  package init(_ parameters: Parameters, forms: [String], tagging: TaggingVocabulary, workers: Workers) {
    self.parameters = parameters
    self.tagging = tagging
    self.workers = workers
    spellings = parameters.shape.characters == nil ? nil : Spellings(of: forms, in: tagging.characters)
  }

  package func evaluate(_ split: TokenSequence, check: () throws -> Void) rethrows -> Evaluation {
    let sentences = TaggedSentences(split, spellings: spellings)
    let batches = SentenceBatches(split, size: Self.size)
    let model = SequenceModel(
      parameters, sentences.capacity(batches), gradients: nil, workers: workers.parallelism, carriesState: false,
      predicts: true)
    let phases = PhaseList(model.forwardPhases() + model.lossPhases())
    var result = TaggingEvaluation(tags: tagging.tags)
    for index in 0..<batches.batchCount {
      try check()
      let chosen = batches.sentences(ofBatch: index)
      sentences.fill(model, sentences: chosen)
      workers.run(phases)
      result.nats += model.lossSum
      for (b, sentence) in chosen.enumerated() {
        for (t, position) in split.range(ofSentence: sentence).enumerated() {
          let row = model.minibatch.timeline.row(t, b)
          let tag = model.minibatch.targets[row]
          guard tag != Minibatch.masked else { continue }
          result.add(
            tag: Int(tag), predicted: Int(model.prediction(row: row)),
            isKnown: split.forms.map { $0[position] < tagging.trainingWords.count } ?? true)
        }
      }
    }
    return .tagging(result)
  }
}
