import Collectives
import Compute
import Models

/// What a tagger makes of minibatches that some processes take in turn: known to all of them, round by round.
package final class SharedPredictions {
  private let outputs: Int
  private let ranks: any Communicator
  /// [ranks] [outputs] losses in nats, of two words each, and [words, outputs] predictions.
  private let words: Buffer<UInt32>
  private let wordsOfRank: Int
  private let places: RankPlaces
  private let decoder: TagDecoder

  /// - Parameters:
  ///   - capacity: most words of a minibatch.
  ///   - outputs: losses and tags of each word.
  ///   - decoder: chooses the tags.
  package init(words capacity: Int, outputs: Int, decoder: TagDecoder, ranks: any Communicator) {
    let count = outputs * (2 + capacity)
    (self.outputs, self.decoder, self.ranks, wordsOfRank) = (outputs, decoder, ranks, count)
    words = Buffer(count: count * ranks.count, repeating: 0)
    places = RankPlaces((0..<ranks.count).map { $0 * count..<($0 + 1) * count }, of: ranks)
  }

  /// Takes what the own minibatch of a round comes to.
  ///
  /// - Parameter minibatch: the words of its sentences.
  package func put(_ model: SequenceModel, _ minibatch: SentenceWords, sentences: Int) {
    let start = ranks.rank * wordsOfRank
    for output in 0..<outputs {
      let bits = model.lossSum(ofOutput: output).bitPattern
      words[start + 2 * output] = bits.highWord
      words[start + 2 * output + 1] = bits.lowWord
    }
    for b in 0..<sentences {
      for (t, word) in minibatch[b].enumerated() {
        let tags = decoder.tags(ReadWord(model, row: model.minibatch.timeline.row(t, b)))
        for (output, tag) in tags.enumerated() { words[start + outputs * (2 + word) + output] = UInt32(tag) }
      }
    }
  }

  /// Gives each process what all have put. By all of them together.
  package func share() { places.share(words.base) }

  /// Of each output, in nats.
  package func losses(ofRank rank: Int) -> [Double] {
    let start = rank * wordsOfRank
    return (0..<outputs).map { output in
      Double(bitPattern: UInt64(high: words[start + 2 * output], low: words[start + 2 * output + 1]))
    }
  }

  /// Of each output, for a word of the rank's minibatch.
  package func predictions(ofRank rank: Int, word: Int) -> [Int] {
    let start = rank * wordsOfRank + outputs * (2 + word)
    return (0..<outputs).map { Int(words[start + $0]) }
  }
}
