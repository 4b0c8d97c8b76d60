import Compute
import Datasets
import Models

/// Sentences of similar length, each read from the zero state, as a tagger reads them.
package final class SentenceMinibatches: MinibatchSource {
  private let sentences: TaggedSentences
  /// The seed of the order, which is another one in each epoch; nil: the longest sentences come first.
  private let shuffling: Philox?
  private let dropout: WordDropout?
  /// In the order of an epoch.
  private var batches: SentenceBatches
  private var epoch: Int?

  /// - Parameters:
  ///   - size: sentences in a minibatch.
  ///   - seed: of the shuffle; nil for none.
  ///   - dropout: for training.
  package init(_ sentences: TaggedSentences, size: Int, seed: Int? = nil, dropout: WordDropout? = nil) {
    self.sentences = sentences
    self.dropout = dropout
    batches = SentenceBatches(sentences.sequence, size: size)
    shuffling = seed.map { Philox(seed: UInt64($0)) }
  }

  package var count: Int { batches.batchCount }
  package var targetCount: Int { sentences.taggedWords ?? batches.tokenCount }
  package var capacity: SequenceModel.Capacity { sentences.capacity(batches) }
  package var carriesState: Bool { false }

  package func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) {
    if let shuffling, self.epoch != epoch {
      batches = batches.shuffled { shuffling.bits(.shuffling, step: epoch, position: $0) }
      self.epoch = epoch
    }
    sentences.fill(minibatch, sentences: self.sentences(ofMinibatch: index)) { [dropout] inputs, rows in
      dropout?.apply(to: inputs, rows: rows, step: step)
    }
  }

  /// The sentences of a minibatch of the current epoch as their numbers in the split, in the order of its sequences.
  package func sentences(ofMinibatch index: Int) -> ArraySlice<Int> { batches.sentences(ofBatch: index) }
}

/// Minibatches of the sentences that somebody has chosen.
package final class ChosenSentences: MinibatchSource {
  private let sentences: TaggedSentences
  private let minibatches: [ArraySlice<Int>]

  /// - Parameters:
  ///   - chosen: their numbers, the longest first, none of them empty.
  ///   - size: sentences in a minibatch; the last one may have fewer.
  package init(_ sentences: TaggedSentences, chosen: [Int], size: Int) {
    self.sentences = sentences
    minibatches = stride(from: 0, to: chosen.count, by: size).map { chosen[$0..<min($0 + size, chosen.count)] }
  }

  package var count: Int { minibatches.count }
  package var targetCount: Int { minibatches.reduce(0) { $0 + words(in: $1) } }
  package var capacity: SequenceModel.Capacity {
    sentences.capacity(
      sequences: minibatches.first?.count ?? 0,
      longest: minibatches.first?.first.map { sentences.sequence.range(ofSentence: $0).count } ?? 0,
      words: minibatches.map(words(in:)).max() ?? 0)
  }
  package var carriesState: Bool { false }

  package func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) {
    sentences.fill(minibatch, sentences: minibatches[index])
  }

  private func words(in minibatch: ArraySlice<Int>) -> Int {
    minibatch.reduce(0) { $0 + sentences.sequence.range(ofSentence: $1).count }
  }
}

/// Sentences with what a tagger reads of them: words, tags where known, and how the words are spelled.
package struct TaggedSentences {
  package let sequence: TokenSequence
  private let spellings: Spellings?

  /// - Parameters:
  ///   - forms: what the words are spelled as.
  ///   - characters: those that the model knows; nil for one that doesn't look at spellings.
  package init(_ sequence: TokenSequence, forms: [String], characters: Vocabulary?) {
    self.sequence = sequence
    spellings = characters.map { Spellings(of: forms, in: $0) }
  }

  /// Words that have a tag to be predicted, in one column at least; nil where no word has.
  var taggedWords: Int? {
    sequence.tags.isEmpty ? nil : sequence.tokens.indices.count { word in sequence.tags.contains { $0[word] >= 0 } }
  }

  /// Most that a minibatch of these sentences holds.
  func capacity(_ batches: SentenceBatches) -> SequenceModel.Capacity {
    capacity(sequences: batches.size, longest: batches.longest, words: batches.mostTokens)
  }

  /// What a minibatch needs that holds up to so many sentences, words in one of them, and words together.
  func capacity(sequences: Int, longest: Int, words: Int) -> SequenceModel.Capacity {
    let timeline = Timeline.Capacity(sequences: sequences, timesteps: longest, rows: words)
    guard let spellings else { return SequenceModel.Capacity(timeline) }
    let lengths = (0..<spellings.count).map { spellings[$0].count }.sorted(by: >).prefix(words)
    return SequenceModel.Capacity(
      timeline, forms: spellings.count,
      characters: Timeline.Capacity(
        sequences: lengths.count, timesteps: lengths.first ?? 1, rows: lengths.reduce(0, +)))
  }

  /// Puts some sentences into a minibatch, and prepares it.
  ///
  /// - Parameters:
  ///   - sentences: the longest first, none of them empty.
  ///   - change: may change the inputs before they are taken over.
  func fill(
    _ minibatch: Minibatch, sentences: ArraySlice<Int>,
    change: (_ inputs: UnsafeMutablePointer<Int32>, _ rows: Int) -> Void = { _, _ in }
  ) {
    let first = sentences.startIndex
    minibatch.layOut(sequences: sentences.count) { sequence.range(ofSentence: sentences[first + $0]).count }
    for (b, sentence) in sentences.enumerated() {
      for (t, position) in sequence.range(ofSentence: sentence).enumerated() {
        let row = minibatch.timeline.row(t, b)
        minibatch.inputs[row] = sequence.tokens[position]
        for (output, targets) in minibatch.targetsOfOutputs.enumerated() {
          // A tag that the model lacks has no probability.
          let tag = sequence.tags.isEmpty ? TaggingVocabulary.noTag : sequence.tags[output][position]
          targets[row] = tag < 0 ? Minibatch.masked : tag
        }
        if let forms = minibatch.forms { forms[row] = sequence.forms?[position] ?? sequence.tokens[position] }
      }
    }
    change(minibatch.inputs.base, minibatch.rows)
    minibatch.prepare(spelling: spellings.map { spellings in { spellings[$0] } })
  }
}
