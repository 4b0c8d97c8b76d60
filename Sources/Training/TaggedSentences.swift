import Compute
import Datasets
import Models

/// Sentences with what a tagger reads of them: words, tags where known, and how the words are spelled.
struct TaggedSentences {
  let sequence: TokenSequence
  private let spellings: Spellings?

  init(_ sequence: TokenSequence, spellings: Spellings?) {
    self.sequence = sequence
    self.spellings = spellings
  }

  /// Most that a minibatch of these sentences holds.
  func capacity(_ batches: SentenceBatches) -> SequenceModel.Capacity {
    let words = batches.mostTokens
    let timeline = Timeline.Capacity(sequences: batches.size, timesteps: batches.longest, rows: words)
    guard let spellings else { return SequenceModel.Capacity(timeline) }
    let lengths = (0..<spellings.count).map { spellings[$0].count }.sorted(by: >).prefix(words)
    return SequenceModel.Capacity(
      timeline, forms: spellings.count,
      characters: Timeline.Capacity(
        sequences: lengths.count, timesteps: lengths.first ?? 1, rows: lengths.reduce(0, +)))
  }

  /// Puts some sentences into a model's minibatch, ready for its phases.
  ///
  /// - Parameters:
  ///   - sentences: the longest first, none of them empty.
  ///   - change: may change the inputs before they are taken over.
  func fill(
    _ model: SequenceModel, sentences: ArraySlice<Int>,
    change: (_ inputs: UnsafeMutablePointer<Int32>, _ rows: Int) -> Void = { _, _ in }
  ) {
    let (minibatch, first) = (model.minibatch, sentences.startIndex)
    minibatch.layOut(sequences: sentences.count) { sequence.range(ofSentence: sentences[first + $0]).count }
    for (b, sentence) in sentences.enumerated() {
      for (t, position) in sequence.range(ofSentence: sentence).enumerated() {
        let row = minibatch.timeline.row(t, b)
        minibatch.inputs[row] = sequence.tokens[position]
        minibatch.targets[row] = sequence.tags?[position] ?? Minibatch.masked
        if let forms = minibatch.forms { forms[row] = sequence.forms?[position] ?? sequence.tokens[position] }
      }
    }
    change(minibatch.inputs.base, minibatch.rows)
    minibatch.prepare(spelling: spellings.map { spellings in { spellings[$0] } })
  }
}

extension TokenSequence {
  /// Where a sentence's tokens stand.
  func range(ofSentence index: Int) -> Range<Int> { Int(offsets[index])..<Int(offsets[index + 1]) }
}
