import Files

/// The different words of a text. Its tokens are places in the table of them, as it was when they came: see `PlaceMap`.
package struct RecordedWords: Sendable {
  /// Those that are in memory; special ones come first.
  package let table: TokenTable
  package let specialTokenCount: Int
  /// [table] how often each comes in the text.
  package let counts: [Int]
  private let pruned: PrunedWords

  /// Words that come more often than this are all in the table.
  package var allowance: Int { pruned.allowance }

  /// - Parameter counts: how often each word of the table has come since it got there.
  init(table: TokenTable, counts: [Int], pruned: PrunedWords, specialTokenCount: Int) throws(FileError) {
    var counts = counts
    for stretch in pruned.stretches {
      try pruned.forEach(in: stretch, numberedBy: table) { place, _, count in
        if let place { counts[Int(place)] += count }
      }
    }
    (self.table, self.counts) = (table, counts)
    (self.pruned, self.specialTokenCount) = (pruned, specialTokenCount)
  }

  /// The places in the table of a text's tokens, negative for those that aren't there any more. O(words that were put away).
  func places(of tokens: Column<Int32>) throws(FileError) -> Column<Int32> {
    // Nothing was put away: they are what they were.
    if pruned.stretches.isEmpty { return tokens }
    return try PlaceMap(pruned, last: Array(0..<Int32(table.count)), table: table, missing: -1).applied(to: tokens)
  }

  /// The ids of a text's tokens in a vocabulary, whether the words are in memory or not; negative where it has none, not even
  /// `<unk>`. O(words).
  func ids(of tokens: Column<Int32>, in vocabulary: Vocabulary) throws(FileError) -> Column<Int32> {
    let missing = vocabulary.unknownId ?? -1
    let ids = vocabulary.ids(of: table, missing: missing)
    var column = try PlaceMap(pruned, last: ids, table: vocabulary.table, missing: missing).applied(to: tokens)
    // Words that don't come have places, too: all of ASCII where characters are tokens.
    let isMissing = !pruned.stretches.isEmpty || zip(ids, counts).contains { $0 == missing && $1 > 0 }
    if !isMissing { column.absent = missing }
    return column
  }
}
