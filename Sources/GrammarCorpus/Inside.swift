import Glibc

extension Grammar {
  /// The natural logarithm of the probability that the grammar produces exactly these words: the sum over all their
  /// derivations and taggings. Minus infinity if there are none.
  ///
  /// Exact up to rounding for sentences of up to some hundred words; of many more, a sentence that is far less probable
  /// than usual may underflow to minus infinity. Memory grows with words * symbols. An ordinary sentence of the shipped
  /// grammar takes about a tenth of a millisecond.
  package func logProbability(of words: [String]) -> Double {
    var ids: [Int] = []
    for word in words {
      guard let id = wordIDs[word] else { return -.infinity }
      ids.append(id)
    }
    var chart = InsideChart(grammar: self, words: ids)
    return chart.logProbability()
  }

  /// Whether the grammar can produce these words at all.
  package func isGrammatical(_ words: [String]) -> Bool {
    logProbability(of: words) > -.infinity
  }
}

/// The inside probabilities of one sentence, computed top-down and remembered.
///
/// The inside probability of symbol A from position i to j is the probability that A expands to words i..<j. Without
/// left recursion and without empty phrases every question about (A, i) leads to questions about later positions or
/// about symbols further down, so plain recursion with a memory ends, and only phrases that some alternative asks for
/// and whose first word fits are ever looked at.
private struct InsideChart {
  /// A phrase that begins at a known position: where it ends, and its scaled inside probability.
  private struct Phrase {
    let end: Int
    let probability: Double
  }

  private let grammar: Grammar
  private let words: [Int]
  /// The phrases of symbol A from position i at [i * symbols + A]; nil before they are asked for.
  private var known: [[Phrase]?]

  init(grammar: Grammar, words: [Int]) {
    self.grammar = grammar
    self.words = words
    known = Array(repeating: nil, count: grammar.symbols.count * words.count)
  }

  mutating func logProbability() -> Double {
    guard !words.isEmpty, let whole = phrases(of: 0, from: 0).last, whole.end == words.count else { return -.infinity }
    return log(whole.probability) - Double(words.count) * log(grammar.scalePerWord)
  }

  /// All phrases of the symbol that begin at `start`, by ascending end.
  private mutating func phrases(of symbol: Int, from start: Int) -> [Phrase] {
    guard start < words.count, grammar.canBegin[symbol][words[start]] else { return [] }
    let key = start * grammar.symbols.count + symbol
    if let phrases = known[key] { return phrases }
    var totals = Array(repeating: 0.0, count: words.count + 1)
    for alternative in grammar.alternatives[symbol] {
      extend(alternative.items[...], from: start, probability: alternative.probability, into: &totals)
    }
    let phrases = totals.indices.filter { totals[$0] > 0 }.map { Phrase(end: $0, probability: totals[$0]) }
    known[key] = phrases
    return phrases
  }

  /// Adds to `totals`, by end, the probability of every way to read `items` from `start` on.
  private mutating func extend(
    _ items: ArraySlice<Grammar.Item>, from start: Int, probability: Double, into totals: inout [Double]
  ) {
    guard let item = items.first else {
      totals[start] += probability
      return
    }
    switch item {
    case .terminal(let terminal):
      guard start < words.count, grammar.wordOfTerminal[terminal] == words[start] else { return }
      extend(items.dropFirst(), from: start + 1, probability: probability * grammar.scalePerWord, into: &totals)
    case .symbol(let symbol):
      for phrase in phrases(of: symbol, from: start) {
        extend(items.dropFirst(), from: phrase.end, probability: probability * phrase.probability, into: &totals)
      }
    }
  }
}
