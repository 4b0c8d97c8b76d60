import Compute

/// A sentence as a network reads it that reads its characters.
package struct CharacterReading: Sendable, Equatable {
  /// At least one.
  package var tokens: [Int32]
  /// [word] the timestep that ends it.
  package var ends: [Int32]

  package init(tokens: [Int32], ends: [Int32]) { (self.tokens, self.ends) = (tokens, ends) }
}

/// The characters of a minibatch's sentences, as one reader reads them: the sentences are the sequences of a minibatch of their own,
/// those with the most characters first.
///
/// Written by `Minibatch.prepare`, read by the jobs of the reader's stages and of the words'.
final class SentenceReadings: @unchecked Sendable {
  // Unchecked: one thread writes between steps, workers only read within one.

  let characters: Minibatch
  /// [rows of words] the row of the characters that ends each.
  let ends: Buffer<Int32>
  private let order: LengthOrder

  /// - Parameters:
  ///   - capacity: most sentences, the longest one's characters, and the characters of all.
  ///   - words: most words.
  init(_ capacity: Timeline.Capacity, words: Int, vocabulary: Int) {
    characters = Minibatch(SequenceModel.Capacity(capacity), vocabulary: vocabulary)
    ends = Buffer(count: words, repeating: 0)
    order = LengthOrder(capacity)
  }

  /// Takes over the sentences of a timeline. Cost: O(words + characters), no allocation.
  func prepare(_ words: Timeline, reading: (_ sentence: Int) -> CharacterReading) {
    order.sort(words.sequences) { reading($0).tokens.count }
    characters.layOut(sequences: words.sequences) { reading(order[$0]).tokens.count }
    for place in 0..<words.sequences {
      let sentence = order[place]
      let reading = reading(sentence)
      precondition(reading.ends.count == words.length(sentence), "each word ends somewhere")
      for (timestep, token) in reading.tokens.enumerated() {
        characters.inputs[characters.timeline.row(timestep, place)] = token
      }
      for (word, timestep) in reading.ends.enumerated() {
        ends[words.row(word, sentence)] = Int32(characters.timeline.row(Int(timestep), place))
      }
    }
    characters.prepare()
  }
}
