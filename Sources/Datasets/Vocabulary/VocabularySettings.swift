import Keys

/// Which tokens of the training text get an id.
package struct VocabularySettings: Sendable, Equatable {
  /// At most so many tokens, special ones included; nil for as many as there are.
  package var size: Int?
  /// A token that occurs less often is unknown.
  package var minimumCount: Int

  package init(size: Int? = nil, minimumCount: Int = 1) {
    self.size = size
    self.minimumCount = minimumCount
  }
}

extension VocabularySettings: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.optional("size", &size, .whole(1...10_000_000), "the most frequent tokens up to this many; absent: all")
    keys.value("min_count", &minimumCount, .whole(1...Int.max), "tokens that occur less often are left out")
  }
}

extension Vocabulary {
  /// What a vocabulary begins with. `<unk>` is there even at character level, where validation may bring a character
  /// that training never showed.
  static func specialTokens(_ tokenization: Tokenization) -> [String] {
    switch tokenization {
    case .character: [unknownToken]
    case .word, .whitespace: [unknownToken, endOfLineToken]
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

    var counts = [Int](repeating: 0, count: table.count)
    for token in record.tokens { counts[Int(token)] += 1 }
    let minimumCount = max(1, settings.minimumCount)
    let highest = counts[specialCount...].max() ?? 0
    guard highest >= minimumCount else {
      throw .noFrequentToken(paths: record.paths, minimumCount: minimumCount, highest: highest)
    }
    let ranked = (specialCount..<table.count)
      .filter { counts[$0] >= minimumCount }
      .sorted { a, b in
        counts[a] != counts[b] ? counts[a] > counts[b] : table.areInIncreasingOrder(a, b)
      }
      .prefix(size - specialCount)
    self.init(tokens: (0..<specialCount).map { table[$0] } + ranked.map { table[$0] })
  }
}
