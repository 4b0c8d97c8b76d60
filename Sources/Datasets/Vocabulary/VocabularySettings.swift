import Keys

/// Which tokens of the training text get an id.
package struct VocabularySettings: Sendable, Equatable {
  /// At most so many tokens, special ones included; nil for as many as there are.
  package var size: Int?
  /// A token that occurs less often is unknown.
  package var minimumCount: Int
  /// A file of tokens that have their ids already; nil: they are those of the training text. See `VocabularyFile`.
  package var file: String?
  /// Whether tokens that a model or the file doesn't know yet are added to those that it does; see `KnownVocabulary`.
  package var extends = false

  package init(size: Int? = nil, minimumCount: Int = 1) {
    self.size = size
    self.minimumCount = minimumCount
  }
}

extension VocabularySettings: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.optional("size", &size, .whole(1...10_000_000), "the most frequent tokens up to this many; absent: all")
    keys.value("min_count", &minimumCount, .whole(1...Int.max), "tokens that occur less often are left out")
    keys.optional(
      "file", &file, .inputFile, "a file with a token a line, ids in order; absent: the training text's tokens")
    keys.value(
      "extend", &extends, .flag,
      "whether words, tags and characters that the model of model.from (or the file) doesn't know are added to those that it does"
    )
  }
}

extension Vocabulary {
  /// What a vocabulary begins with. `<unk>` is there even at character level, where validation may bring a character
  /// that training never showed.
  static func specialTokens(_ tokenization: Tokenization) -> [String] {
    switch tokenization {
    case .character, .grapheme: [unknownToken]
    case .word, .whitespace: [unknownToken, endOfLineToken]
    case .bpe: []
    }
  }

  /// A vocabulary of a record's tokens: the special ones that its table begins with, then the others by descending
  /// frequency, ties in the order of Unicode scalars.
  ///
  /// O(tokens + types · log types).
  /// - Throws: `CorpusError.vocabularyTooSmall` and `.noFrequentToken` if the special ones would be all.
  init(counting record: borrowing CorpusRecord, settings: VocabularySettings) throws(CorpusError) {
    let size = settings.size ?? Int.max
    let table = record.table
    let specialCount = record.specialTokenCount
    guard size > specialCount else { throw .vocabularyTooSmall(size: size, minimum: specialCount + 1) }

    let ranking = record.ranking
    let minimumCount = max(1, settings.minimumCount)
    let highest = ranking.first?.count ?? 0
    guard highest >= minimumCount else {
      throw .noFrequentToken(paths: record.paths, minimumCount: minimumCount, highest: highest)
    }
    let ranked = ranking.prefix { $0.count >= minimumCount }.prefix(size - specialCount)
    self.init(tokens: (0..<specialCount).map { table[$0] } + ranked.map { table[$0.number] })
  }

  /// A vocabulary that begins with one that a model knows. Behind it stand the special tokens of a record that it lacks,
  /// and with `settings.extends` the record's other tokens, ranked as above, up to `settings.size` in all.
  ///
  /// To extend the result by the same record changes nothing. O(tokens + types · log types).
  init(extending known: Vocabulary, by record: borrowing CorpusRecord, settings: VocabularySettings) {
    let table = record.table
    func isNew(_ number: Int) -> Bool { known.table.number(of: table[number]) == nil }
    var tokens = known.tokens + (0..<record.specialTokenCount).filter(isNew).map { table[$0] }
    if settings.extends {
      let room = max(0, (settings.size ?? .max) - tokens.count)
      let ranked = record.ranking.prefix { $0.count >= max(1, settings.minimumCount) }
      tokens += ranked.lazy.map(\.number).filter(isNew).prefix(room).map { table[$0] }
    }
    self.init(tokens: tokens)
  }
}

extension CorpusRecord {
  /// Its tokens but the special ones, by descending frequency, ties in the order of Unicode scalars.
  fileprivate var ranking: [(number: Int, count: Int)] {
    var counts = [Int](repeating: 0, count: table.count)
    for token in tokens { counts[Int(token)] += 1 }
    return (specialTokenCount..<table.count).map { ($0, counts[$0]) }.sorted { a, b in
      a.count != b.count ? a.count > b.count : table.areInIncreasingOrder(a.number, b.number)
    }
  }
}
