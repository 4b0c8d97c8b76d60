import Glibc

/// An interpolated Kneser-Ney n-gram model: the yardstick that a network should beat on the corpus.
///
/// One discount an order, estimated from the counts as n1 / (n1 + 2 n2). Below the highest order a word counts once for
/// each distinct word before it. The chain of orders ends in the uniform distribution over the vocabulary.
package struct NGramModel: Sendable {
  /// The counts of one order.
  private struct Level: Sendable {
    var counts: [UInt64: Int] = [:]
    var contexts: [UInt64: (total: Int, distinct: Int)] = [:]
    var discount = 0.0

    /// Derives the contexts and the discount from the counts.
    mutating func finish() {
      for (gram, count) in counts {
        let context = contexts[gram >> NGramModel.bits] ?? (0, 0)
        contexts[gram >> NGramModel.bits] = (context.total + count, context.distinct + 1)
      }
      let once = counts.values.count { $0 == 1 }
      let twice = counts.values.count { $0 == 2 }
      discount = once == 0 ? 0 : Double(once) / Double(once + 2 * twice)
    }
  }

  /// An n-gram is packed into one integer, the latest word in the lowest bits.
  private static let bits: UInt64 = 16
  private static let endOfSentence: UInt64 = 0

  private let order: Int
  private let wordIDs: [String: UInt64]
  /// By order, unigrams first.
  private let levels: [Level]

  /// Counts the n-grams of sentences over a known vocabulary; each begins and ends in the end-of-sentence token.
  ///
  /// - Parameter order: 1 to 4.
  package init(order: Int, vocabulary: [String], sentences: [[String]]) {
    precondition((1...4).contains(order) && vocabulary.count < 1 << Self.bits)
    self.order = order
    wordIDs = Dictionary(zip(vocabulary, 1...), uniquingKeysWith: { first, _ in first })
    var levels = Array(repeating: Level(), count: order)
    for sentence in sentences {
      for gram in Self.grams(of: sentence, wordIDs, order: order) {
        levels[order - 1].counts[gram, default: 0] += 1
      }
    }
    for lower in (0..<(order - 1)).reversed() {
      let mask = Self.mask(words: lower + 1)
      for gram in levels[lower + 1].counts.keys { levels[lower].counts[gram & mask, default: 0] += 1 }
    }
    for index in levels.indices { levels[index].finish() }
    self.levels = levels
  }

  /// exp of the mean of -log p over all tokens, each sentence's end among them.
  package func perplexity(of sentences: [[String]]) -> Double {
    var nats = 0.0
    var tokens = 0
    for sentence in sentences {
      for gram in Self.grams(of: sentence, wordIDs, order: order) {
        nats -= log(probability(of: gram))
        tokens += 1
      }
    }
    return exp(nats / Double(tokens))
  }

  /// Of the n-gram's last word after the others.
  private func probability(of gram: UInt64) -> Double {
    var probability = 1 / Double(wordIDs.count + 1)
    for (index, level) in levels.enumerated() {
      let gram = gram & Self.mask(words: index + 1)
      guard let context = level.contexts[gram >> Self.bits] else { break }
      let count = Double(level.counts[gram] ?? 0)
      let held = level.discount * Double(context.distinct) * probability
      probability = (max(count - level.discount, 0) + held) / Double(context.total)
    }
    return probability
  }

  private static func mask(words: Int) -> UInt64 { words == 4 ? .max : 1 << (bits * UInt64(words)) - 1 }

  /// One n-gram a token, the end of the sentence included.
  private static func grams(of sentence: [String], _ wordIDs: [String: UInt64], order: Int) -> [UInt64] {
    var recent = endOfSentence
    return (sentence.map { wordIDs[$0] ?? endOfSentence } + [endOfSentence]).map { word in
      recent = (recent << bits | word) & mask(words: order)
      return recent
    }
  }
}
