import Glibc

/// A sentence drawn from a grammar.
package struct SampledSentence: Sendable {
  package let words: [TaggedWord]
  /// Of this one derivation, in nats; the sentence may have others.
  package let derivationLogProbability: Double
}

extension Grammar {
  /// Draws sentence `index` of a split: a pure function of its arguments, the same on every machine.
  package func sentence(_ index: Int, ofSplit split: String, seed: UInt64) -> SampledSentence {
    var generator = SplitMix64(seed: seed, sequence: split, index: index)
    return sample(using: &generator)
  }

  /// Draws a sentence, expanding the leftmost symbol first.
  func sample(using generator: inout SplitMix64) -> SampledSentence {
    var words: [TaggedWord] = []
    var logProbability = 0.0
    // What is still to be expanded, the next item last. A stack of our own: depth is bounded by chance alone.
    var pending: [Item] = [.symbol(0)]
    while let item = pending.popLast() {
      switch item {
      case .terminal(let terminal):
        words.append(terminals[terminal])
      case .symbol(let symbol):
        let choice = choose(alternatives[symbol], at: generator.nextFraction())
        logProbability += log(choice.probability)
        pending.append(contentsOf: choice.items.reversed())
      }
    }
    return SampledSentence(words: words, derivationLogProbability: logProbability)
  }

  /// The alternative whose share of [0, 1) holds `point`; the last one should rounding leave a gap at the end.
  private func choose(_ alternatives: [Alternative], at point: Double) -> Alternative {
    var upper = 0.0
    for alternative in alternatives.dropLast() {
      upper += alternative.probability
      if point < upper { return alternative }
    }
    return alternatives[alternatives.count - 1]
  }
}
