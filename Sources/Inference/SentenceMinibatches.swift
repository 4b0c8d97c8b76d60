import Compute
import Datasets
import Files
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
  private let reading: ReadAhead<ArraySlice<Int>, SentenceWords, FileError>
  package let targetCount: Int
  /// What the minibatch has that was put in last, and which one it is.
  private var last: (words: SentenceWords, index: Int)?

  /// - Parameters:
  ///   - size: sentences in a minibatch.
  ///   - seed: of the shuffle; nil for none.
  ///   - dropout: for training.
  /// - Throws: what keeps the text from being read.
  package init(
    _ sentences: TaggedSentences, size: Int, seed: Int? = nil, dropout: WordDropout? = nil
  ) throws(FileError) {
    self.sentences = sentences
    self.dropout = dropout
    batches = SentenceBatches(sentences.lengths, size: size)
    targetCount = try sentences.taggedWords() ?? batches.tokenCount
    reading = ReadAhead { numbers throws(FileError) in try sentences.words(of: numbers) }
    shuffling = seed.map { Philox(seed: UInt64($0)) }
  }

  package var count: Int { batches.batchCount }
  package var capacity: SequenceModel.Capacity { sentences.capacity(batches) }
  package var carriesState: Bool { false }

  package func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) throws(FileError) {
    if let shuffling, self.epoch != epoch {
      batches = batches.shuffled { shuffling.bits(.shuffling, step: epoch, position: $0) }
      self.epoch = epoch
    }
    let words = try read(index)
    last = (words, index)
    sentences.fill(minibatch, words) { [dropout] inputs, rows in
      dropout?.apply(to: inputs, rows: rows, step: step)
    }
  }

  private func read(_ index: Int) throws(FileError) -> SentenceWords {
    try reading.value(
      sentences(ofMinibatch: index), following: index + 1 < count ? sentences(ofMinibatch: index + 1) : nil)
  }

  /// The words of a minibatch of the current epoch, read where it isn't the one that was put in last.
  package func words(ofMinibatch index: Int) throws(FileError) -> SentenceWords {
    if let last, last.index == index { return last.words }
    return try read(index)
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
      longest: minibatches.first?.first.map { sentences.lengths[$0] } ?? 0,
      words: minibatches.map(words(in:)).max() ?? 0)
  }
  package var carriesState: Bool { false }

  package func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) throws(FileError) {
    sentences.fill(minibatch, try sentences.words(of: minibatches[index]))
  }

  private func words(in minibatch: ArraySlice<Int>) -> Int {
    minibatch.reduce(0) { $0 + sentences.lengths[$1] }
  }
}

/// Some sentences as they were read, one behind the other.
package struct SentenceWords: Sendable {
  package fileprivate(set) var tokens: [Int32] = []
  /// By column; empty where there are no tags.
  package fileprivate(set) var tags: [[Int32]] = []
  package fileprivate(set) var forms: [Int32]?
  /// Where each sentence begins, and where the last one ends.
  fileprivate var starts = [0]
  /// Their numbers in the split.
  fileprivate var numbers: [Int] = []

  /// Where a sentence's words are, by its place among the sentences.
  package subscript(sentence: Int) -> Range<Int> { starts[sentence]..<starts[sentence + 1] }
}

/// Sentences with what a tagger reads of them: words, tags where known, how the words are spelled, and what else is known of them.
///
/// Memory: 16 bytes for each sentence, the spellings, and what is known or read of the words; they are read when they are wanted.
package struct TaggedSentences: Sendable {
  private let sequence: TokenSequence
  /// Where each sentence begins in the sequence.
  private let starts: [Int]
  /// Words of each sentence.
  package let lengths: [Int]
  private let spellings: Spellings?
  private let features: WordFeatures?
  /// [reader][sentence]
  private let readings: [[CharacterReading]]

  /// - Parameters:
  ///   - forms: what the words are spelled as.
  ///   - characters: those that the model knows; nil for one that doesn't look at spellings.
  ///   - features: of each word, in their order; nil for a model that has none.
  ///   - readings: [reader][sentence] what the model's readers read.
  /// - Throws: what keeps the text from being read.
  package init(
    _ sequence: TokenSequence, forms: [String], characters: Vocabulary?, features: WordFeatures? = nil,
    readings: [[CharacterReading]] = []
  ) throws(FileError) {
    let ranges = try sequence.sentenceRanges()
    self.sequence = sequence
    self.features = features
    self.readings = readings
    starts = ranges.map(\.lowerBound)
    lengths = ranges.map(\.count)
    spellings = characters.map { Spellings(of: forms, in: $0) }
  }

  /// Words that have a tag to be predicted, in one column at least; nil where no word has. O(words).
  func taggedWords() throws(FileError) -> Int? {
    if sequence.tags.isEmpty { return nil }
    var count = 0
    try sequence.tags.forEachPiece { tags, _ in
      for word in tags[0].indices where tags.contains(where: { $0[word] >= 0 }) { count += 1 }
    }
    return count
  }

  /// Reads some sentences, by their numbers in the split.
  package func words(of sentences: ArraySlice<Int>) throws(FileError) -> SentenceWords {
    var words = SentenceWords()
    words.numbers = Array(sentences)
    func read(_ column: Column<Int32>) throws(FileError) -> [Int32] {
      var numbers: [Int32] = []
      numbers.reserveCapacity(words.starts.last ?? 0)
      for sentence in sentences {
        numbers += try column.numbers(in: starts[sentence]..<starts[sentence] + lengths[sentence])
      }
      return numbers
    }
    for sentence in sentences { words.starts.append((words.starts.last ?? 0) + lengths[sentence]) }
    words.tokens = try read(sequence.tokens)
    for column in sequence.tags { words.tags.append(try read(column)) }
    if let forms = sequence.forms { words.forms = try read(forms) }
    return words
  }

  /// Most that a minibatch of these sentences holds.
  func capacity(_ batches: SentenceBatches) -> SequenceModel.Capacity {
    capacity(sequences: batches.size, longest: batches.longest, words: batches.mostTokens)
  }

  /// What a minibatch needs that holds up to so many sentences, words in one of them, and words together.
  func capacity(sequences: Int, longest: Int, words: Int) -> SequenceModel.Capacity {
    var capacity = SequenceModel.Capacity(
      Timeline.Capacity(sequences: sequences, timesteps: longest, rows: words),
      readings: readings.map { Timeline.Capacity(ofLongest: sequences, $0.map(\.tokens.count)) })
    if let spellings {
      capacity.forms = spellings.count
      capacity.characters = Timeline.Capacity(ofLongest: words, (0..<spellings.count).map { spellings[$0].count })
    }
    return capacity
  }

  /// Puts some sentences into a minibatch, and prepares it.
  ///
  /// - Parameters:
  ///   - words: of the sentences, the longest first, none of them empty.
  ///   - change: may change the inputs before they are taken over.
  func fill(
    _ minibatch: Minibatch, _ words: SentenceWords,
    change: (_ inputs: UnsafeMutablePointer<Int32>, _ rows: Int) -> Void = { _, _ in }
  ) {
    let count = words.starts.count - 1
    minibatch.layOut(sequences: count) { words[$0].count }
    for b in 0..<count {
      for (t, position) in words[b].enumerated() {
        let row = minibatch.timeline.row(t, b)
        minibatch.inputs[row] = words.tokens[position]
        for (output, targets) in minibatch.targetsOfOutputs.enumerated() {
          // A tag that the model lacks has no probability.
          let tag = words.tags.isEmpty ? TaggingVocabulary.noTag : words.tags[output][position]
          targets[row] = tag < 0 ? Minibatch.masked : tag
        }
        if let values = minibatch.features {
          features?.put(word: starts[words.numbers[b]] + t, into: values, row: row)
        }
        if let forms = minibatch.forms { forms[row] = words.forms?[position] ?? words.tokens[position] }
      }
    }
    change(minibatch.inputs.base, minibatch.rows)
    minibatch.prepare(
      spelling: spellings.map { spellings in { spellings[$0] } },
      reading: readings.isEmpty ? nil : { [readings] reader, b in readings[reader][words.numbers[b]] })
  }
}

extension Timeline.Capacity {
  /// Of so many sequences, whichever of some lengths they are.
  fileprivate init(ofLongest count: Int, _ lengths: [Int]) {
    let longest = lengths.sorted(by: >).prefix(count)
    self.init(sequences: longest.count, timesteps: longest.first ?? 1, rows: longest.reduce(0, +))
  }
}
