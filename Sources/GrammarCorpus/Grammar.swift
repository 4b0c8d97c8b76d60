import Glibc

/// A word with its universal part-of-speech tag (UPOS).
package struct TaggedWord: Hashable, Sendable {
  package let word: String
  package let tag: String
}

/// A probabilistic context-free grammar over tagged words, without empty alternatives and without left recursion.
///
/// Symbols, words and tagged words are numbered; everything that runs over many sentences works on the numbers.
package struct Grammar: Sendable {
  enum Item: Hashable, Sendable {
    /// An index into `symbols`.
    case symbol(Int)
    /// An index into `terminals`.
    case terminal(Int)
  }

  struct Alternative: Sendable {
    let items: [Item]
    /// Positive; the probabilities of one symbol's alternatives sum to one.
    let probability: Double
  }

  /// Symbol 0 is the start.
  let symbols: [String]
  /// By symbol; never empty.
  let alternatives: [[Alternative]]
  let terminals: [TaggedWord]
  /// By terminal, its word's number in `wordIDs`.
  let wordOfTerminal: [Int]
  let wordIDs: [String: Int]
  /// By symbol, by word: whether a phrase of the symbol can begin with the word.
  let canBegin: [[Bool]]

  /// A power of two near the perplexity of a word: probabilities of long sentences are scaled by it, word by word, lest
  /// they underflow. Multiplying by it is exact.
  private(set) var scalePerWord = 1.0

  /// The distinct words, whatever their tags, in scalar order.
  package var words: [String] { wordIDs.keys.sorted() }

  /// Reads a table in the notation of `RuleTable` and keeps what the start symbol, `sentence`, can reach.
  ///
  /// The table must define every symbol that is used, must not be left-recursive, and its sentences must have a finite
  /// expected length.
  package init(table: String) throws(GrammarError) {
    let rules = try RuleTable(table).rules
    var symbols = Numbering<String>()
    var terminals = Numbering<TaggedWord>()
    var words = Numbering<String>()
    var wordOfTerminal: [Int] = []
    var alternatives: [[Alternative]] = []

    // A symbol gets its number when it is first used, and is expanded in turn.
    _ = symbols.id(of: "sentence")
    while alternatives.count < symbols.values.count {
      let name = symbols.values[alternatives.count]
      guard let rules = rules[name] else { throw .undefinedSymbol(name) }
      let total = rules.reduce(0) { $0 + $1.weight }
      alternatives.append(
        rules.map { rule in
          let items = rule.items.map { item -> Item in
            switch item {
            case .symbol(let name):
              return .symbol(symbols.id(of: name))
            case .terminal(let terminal):
              let id = terminals.id(of: terminal)
              if id == wordOfTerminal.count { wordOfTerminal.append(words.id(of: terminal.word)) }
              return .terminal(id)
            }
          }
          return Alternative(items: items, probability: rule.weight / total)
        })
    }

    self.symbols = symbols.values
    self.alternatives = alternatives
    self.terminals = terminals.values
    self.wordOfTerminal = wordOfTerminal
    wordIDs = words.ids
    canBegin = try Self.firstWords(self.symbols, alternatives, wordOfTerminal, wordCount: wordIDs.count)
    let growth = growthRate
    guard growth < 1 else { throw .endless(growth: growth) }
    scalePerWord = exp2((derivationEntropy / expectedWords / log(2)).rounded())
  }

  /// The table `canBegin`, by depth-first search over first items; a symbol met again on the way down is
  /// left-recursive.
  private static func firstWords(
    _ symbols: [String], _ alternatives: [[Alternative]], _ wordOfTerminal: [Int], wordCount: Int
  ) throws(GrammarError) -> [[Bool]] {
    var known: [[Bool]?] = Array(repeating: nil, count: symbols.count)
    var open = Array(repeating: false, count: symbols.count)

    func visit(_ symbol: Int) throws(GrammarError) -> [Bool] {
      if let words = known[symbol] { return words }
      guard !open[symbol] else { throw .leftRecursive(symbols[symbol]) }
      open[symbol] = true
      var words = Array(repeating: false, count: wordCount)
      for alternative in alternatives[symbol] {
        switch alternative.items[0] {
        case .terminal(let terminal): words[wordOfTerminal[terminal]] = true
        case .symbol(let first):
          for (word, begins) in try visit(first).enumerated() where begins { words[word] = true }
        }
      }
      known[symbol] = words
      return words
    }

    var result: [[Bool]] = []
    for symbol in symbols.indices { result.append(try visit(symbol)) }
    return result
  }
}

/// Numbers distinct values from zero on, in the order in which they are first met.
private struct Numbering<Value: Hashable> {
  private(set) var values: [Value] = []
  private(set) var ids: [Value: Int] = [:]

  mutating func id(of value: Value) -> Int {
    if let id = ids[value] { return id }
    ids[value] = values.count
    values.append(value)
    return values.count - 1
  }
}
