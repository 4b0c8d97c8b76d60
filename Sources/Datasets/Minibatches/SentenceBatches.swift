/// The minibatches of a tagger: sentences of similar length, so that little of a minibatch is padding.
///
/// All sentences but empty ones, the longest first, are cut into minibatches; which sentences of one length come first,
/// and in which order the minibatches come, is what `shuffled` changes. The lengths in the minibatches are always the
/// same, so memory for the largest one is enough for all epochs.
package struct SentenceBatches: Sendable {
  /// Sentences in a minibatch; one of them may have fewer.
  package let size: Int
  /// Tokens of all minibatches together.
  package let tokenCount: Int
  /// Tokens of the longest sentence.
  package let longest: Int
  /// Tokens of the minibatch that has the most.
  package let mostTokens: Int
  /// The sentences as they are without a shuffle: by length, then as they come in the split.
  private let byLength: [Int]
  /// Where sentences of one length begin in `byLength`, and where the last ones end.
  private let lengthBoundaries: [Int]
  private var sentences: [Int]
  /// The order of the minibatches, as numbers of slices of `sentences`.
  private var batches: [Int]

  /// The minibatches with the longest sentences first. O(sentences · log sentences).
  ///
  /// - Parameter lengths: of all sentences.
  package init(_ lengths: [Int], size: Int) {
    precondition(size > 0, "a minibatch has sentences")
    let byLength = lengths.indices.filter { lengths[$0] > 0 }.sorted { lengths[$0] > lengths[$1] }
    self.size = size
    self.byLength = byLength
    sentences = byLength
    batches = Array(0..<(byLength.count + size - 1) / size)
    lengthBoundaries =
      byLength.indices.filter { $0 == 0 || lengths[byLength[$0 - 1]] > lengths[byLength[$0]] } + [byLength.count]
    tokenCount = lengths.reduce(0, +)
    longest = byLength.first.map { lengths[$0] } ?? 0
    mostTokens = byLength.prefix(size).reduce(0) { $0 + lengths[$1] }
  }

  package var batchCount: Int { batches.count }

  /// The sentences of a minibatch as their numbers in the split, the longest first.
  package func sentences(ofBatch index: Int) -> ArraySlice<Int> {
    let start = batches[index] * size
    return sentences[start..<min(start + size, sentences.count)]
  }

  /// The minibatches in another order, which depends on the random numbers alone: shuffling twice is shuffling once.
  ///
  /// O(sentences).
  /// - Parameter random: 64 random bits for each position; asked for positions below twice the number of sentences.
  package func shuffled(_ random: (_ position: Int) -> UInt64) -> SentenceBatches {
    var result = self
    result.sentences = byLength
    for (start, end) in zip(lengthBoundaries, lengthBoundaries.dropFirst()) {
      result.sentences.shuffle(start..<end, random)
    }
    result.batches = Array(batches.indices)
    result.batches.shuffle(batches.indices) { random(byLength.count + $0) }
    return result
  }
}

extension Array {
  /// The shuffle of Fisher and Yates, from the end on.
  ///
  /// - Parameter random: 64 random bits for each position.
  mutating func shuffle(_ range: Range<Int>, _ random: (_ position: Int) -> UInt64) {
    for position in range.reversed() {
      let choices = UInt64(position - range.lowerBound + 1)
      swapAt(position, range.lowerBound + Int(random(position).multipliedFullWidth(by: choices).high))
    }
  }
}
