import Keys

/// Which tokens of the training text get an id.
package struct VocabularySettings: Sendable, Equatable {
  /// At most so many tokens, special ones included; nil for as many as there are.
  package var size: Int?
  /// A token that occurs less often is unknown.
  package var minimumCount: Int
  /// A file of tokens that have their ids already; nil: they are those of the training text. See `VocabularyFile`.
  package var file: String?
  /// Whether words are told apart by their letters alone, not by upper and lower case: of a tagger's, which sees how they are
  /// written in their characters.
  package var isLowercase = false
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
    keys.value(
      "lowercase", &isLowercase, .flag,
      "whether words are looked up in lower case (tagging); characters stay as they are written")
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
    let words = try CountedWords(of: text, isLowercase: settings.isLowercase)
    let (table, counts, specialCount) = (words.table, words.counts, words.specialCount)
    guard size > specialCount else { throw .vocabularyTooSmall(size: size, minimum: specialCount + 1) }

    let ranking = words.ranking(most: size - specialCount)
    let minimumCount = max(1, settings.minimumCount)
    let highest = ranking.first.map { counts[Int($0)] } ?? 0
    guard highest >= minimumCount else {
      throw .noFrequentToken(paths: text.paths, minimumCount: minimumCount, highest: highest)
    }
    let ranked = ranking.prefix { counts[Int($0)] >= minimumCount }.prefix(size - specialCount)
    let least = ranked.count == size - specialCount ? ranked.last.map { counts[Int($0)] } ?? 0 : minimumCount
    // One list of the right size: there may be a million words.
    let tokens = (0..<specialCount + ranked.count).map { id in
      table[id < specialCount ? id : Int(ranked[ranked.startIndex + id - specialCount])]
    }
    return (
      Vocabulary(tokens: tokens, isLowercase: settings.isLowercase),
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
    let words = try CountedWords(of: text, isLowercase: known.isLowercase)
    let (table, counts) = (words.table, words.counts)
    func vocabulary(_ tokens: [String]) -> Vocabulary { Vocabulary(tokens: tokens, isLowercase: known.isLowercase) }
    func isNew(_ number: Int) -> Bool { known.table.number(of: table[number]) == nil }
    var tokens = known.tokens + (0..<words.specialCount).filter(isNew).map { table[$0] }
    guard settings.extends else { return (vocabulary(tokens), 0) }
    let room = max(0, (settings.size ?? .max) - tokens.count)
    let minimumCount = max(1, settings.minimumCount)
    let new = words.ranking(most: room + known.count).prefix { counts[Int($0)] >= minimumCount }.lazy.map { Int($0) }
      .filter(isNew).prefix(room)
    tokens += new.map { table[$0] }
    let least = new.count == room ? new.last.map { counts[$0] } ?? 0 : minimumCount
    return (vocabulary(tokens), least <= text.words.allowance ? text.words.allowance : 0)
  }
}

/// The different words of a part of a text.
private struct CountedWords {
  /// Special ones come first.
  let table: TokenTable
  /// [table] how often each comes.
  let counts: [Int]
  let specialCount: Int

  /// O(tokens) for a part of a text, O(length of the words) in lower case.
  ///
  /// - Parameter isLowercase: whether words that differ by upper and lower case alone are one.
  init(of text: TextPart, isLowercase: Bool) throws(CorpusError) {
    let (words, counts) = (text.words, try text.counts())
    specialCount = words.specialTokenCount
    guard isLowercase else {
      (table, self.counts) = (words.table, counts)
      return
    }
    var table = TokenTable((0..<words.specialTokenCount).map { words.table[$0] })
    var sums = Array(counts.prefix(words.specialTokenCount))
    for place in words.specialTokenCount..<words.table.count {
      let number = Int(table.insert(words.table[place].inLowercase))
      if number == sums.count { sums.append(0) }
      sums[number] += counts[place]
    }
    (self.table, self.counts) = (table, sums)
  }

  /// The tokens but the special ones, by descending frequency, ties in the order of Unicode scalars.
  ///
  /// O(types), and O(most · log most) but for ties with the last.
  ///
  /// - Parameter most: how many are wanted at least, if there are as many.
  /// - Returns: their numbers in the table.
  func ranking(most: Int) -> [Int32] {
    // Nothing is sorted that comes less often than the last one that is wanted.
    var typesOfCount = [Int](repeating: 0, count: 1 << 16)
    for count in counts[specialCount...] { typesOfCount[min(count, typesOfCount.count - 1)] += 1 }
    var (least, left) = (typesOfCount.count - 1, most)
    while least > 1, left > typesOfCount[least] {
      left -= typesOfCount[least]
      least -= 1
    }
    var numbers = (Int32(specialCount)..<Int32(table.count)).filter { counts[Int($0)] >= max(1, least) }
    numbers.sort { a, b in
      let (first, second) = (counts[Int(a)], counts[Int(b)])
      return first != second ? first > second : table.areInIncreasingOrder(Int(a), Int(b))
    }
    return numbers
  }
}
