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

extension VocabularySettings {
  /// Different words that are in memory beside those of the vocabulary while a text is read: some 60 MB.
  private static let spareWords = 1 << 20

  /// How words are counted that are too many to be all in memory. Where all are asked for, or all above a count, all are known.
  package var pruning: CorpusRecord.Pruning {
    if file != nil, !extends { return .heldOut }
    return size.map { .beyond(limit: $0 + Self.spareWords, allowance: nil) }
      ?? .beyond(limit: Self.spareWords, allowance: max(1, minimumCount) - 1)
  }
}

extension CorpusRecord.Pruning {
  /// Of a text whose vocabulary is there already: whatever is pruned, its words are found.
  package static let heldOut = Self.beyond(limit: 1 << 20, allowance: nil)
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

  /// A vocabulary of a text's tokens: the special ones that its table begins with, then the others by descending
  /// frequency, ties in the order of Unicode scalars.
  ///
  /// O(types · log types), and O(tokens) for a part of a text.
  /// - Returns: the vocabulary, and how often a word may come and have been missed by it; 0: none was.
  /// - Throws: `CorpusError.vocabularyTooSmall` and `.noFrequentToken` if the special ones would be all.
  package static func counting(
    _ text: TextPart, settings: VocabularySettings
  ) throws(CorpusError) -> (vocabulary: Vocabulary, missed: Int) {
    let size = settings.size ?? Int.max
    let (table, specialCount) = (text.words.table, text.words.specialTokenCount)
    guard size > specialCount else { throw .vocabularyTooSmall(size: size, minimum: specialCount + 1) }

    let ranking = try text.ranking(most: size - specialCount)
    let minimumCount = max(1, settings.minimumCount)
    let highest = ranking.first?.count ?? 0
    guard highest >= minimumCount else {
      throw .noFrequentToken(paths: text.paths, minimumCount: minimumCount, highest: highest)
    }
    let ranked = ranking.prefix { $0.count >= minimumCount }.prefix(size - specialCount)
    let least = ranked.count == size - specialCount ? ranked.last?.count ?? 0 : minimumCount
    return (
      Vocabulary(tokens: (0..<specialCount).map { table[$0] } + ranked.map { table[$0.number] }),
      least <= text.words.allowance ? text.words.allowance : 0
    )
  }

  /// A vocabulary that begins with one that a model knows. Behind it stand the special tokens of a text that it lacks,
  /// and with `settings.extends` the text's other tokens, ranked as above, up to `settings.size` in all.
  ///
  /// To extend the result by the same text changes nothing. O(types · log types), and O(tokens) for a part of a text.
  static func extending(
    _ known: Vocabulary, by text: TextPart, settings: VocabularySettings
  ) throws(CorpusError) -> (vocabulary: Vocabulary, missed: Int) {
    let table = text.words.table
    func isNew(_ number: Int) -> Bool { known.table.number(of: table[number]) == nil }
    var tokens = known.tokens + (0..<text.words.specialTokenCount).filter(isNew).map { table[$0] }
    guard settings.extends else { return (Vocabulary(tokens: tokens), 0) }
    let room = max(0, (settings.size ?? .max) - tokens.count)
    let minimumCount = max(1, settings.minimumCount)
    let new = try text.ranking(most: room + known.count).prefix { $0.count >= minimumCount }.lazy.filter {
      isNew($0.number)
    }.prefix(room)
    tokens += new.map { table[$0.number] }
    let least = new.count == room ? new.last?.count ?? 0 : minimumCount
    return (Vocabulary(tokens: tokens), least <= text.words.allowance ? text.words.allowance : 0)
  }
}

extension TextPart {
  /// Its tokens but the special ones, by descending frequency, ties in the order of Unicode scalars.
  ///
  /// O(tokens) for a part of a text, O(types), and O(most · log most) but for ties with the last.
  ///
  /// - Parameter most: how many are wanted at least, if there are as many.
  fileprivate func ranking(most: Int) throws(CorpusError) -> [(number: Int, count: Int)] {
    let (counts, table, special) = (try counts(), words.table, words.specialTokenCount)
    // Nothing is sorted that comes less often than the last one that is wanted.
    var typesOfCount = [Int](repeating: 0, count: 1 << 16)
    for count in counts[special...] { typesOfCount[min(count, typesOfCount.count - 1)] += 1 }
    var (least, left) = (typesOfCount.count - 1, most)
    while least > 1, left > typesOfCount[least] {
      left -= typesOfCount[least]
      least -= 1
    }
    return (special..<table.count).filter { counts[$0] >= max(1, least) }.map { ($0, counts[$0]) }.sorted { a, b in
      a.1 != b.1 ? a.1 > b.1 : table.areInIncreasingOrder(a.0, b.0)
    }
  }
}
