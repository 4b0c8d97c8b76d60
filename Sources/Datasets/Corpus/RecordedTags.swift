import Files

/// The tags of one column of a treebank, before a vocabulary gives them ids.
package struct RecordedTags: Sendable {
  /// The different ones.
  package let table: TokenTable
  /// For each token a number in the table, or `TaggingVocabulary.noTag`.
  package let numbers: Column<Int32>

  /// Whether a column says nothing of any token: where `_` is a tag, nothing but that.
  func hasNone(in column: TagColumn) -> Bool {
    table.count == 0 || column.hasEmptyTag && table.count == 1 && table[0] == "_"
  }

  /// Those of some of the tokens.
  subscript(range: Range<Int>) -> RecordedTags { RecordedTags(table: table, numbers: numbers[range]) }

  /// The tags by their ids, and those that have none, which get numbers below `noTag`.
  ///
  /// - Parameter tags: by id.
  func ids(in tags: [String]) -> (ids: Column<Int32>, foreign: [String]) {
    let known = TokenTable(tags)
    var foreign: [String] = []
    let ids = (0..<table.count).map { number in
      if let id = known.number(of: table[number]) { return id }
      foreign.append(table[number])
      return TaggingVocabulary.foreign(Int32(foreign.count - 1))
    }
    return (numbers.mapped { $0 == TaggingVocabulary.noTag ? $0 : ids[Int($0)] }, foreign)
  }
}

/// The same while the treebank is read.
struct TagSpool {
  private(set) var table = TokenTable()
  private var recent: [Int32] = []
  private var numbers = Spool<Int32>()

  /// - Parameter tag: nil for a word without.
  mutating func append(_ tag: ArraySlice<UInt8>?) {
    recent.append(tag.map { $0.withUnsafeBytes { table.insert($0) } } ?? TaggingVocabulary.noTag)
  }

  /// Puts away what has come since the last time.
  mutating func settle() throws(FileError) { try numbers.take(&recent) }

  /// All of them, settled.
  consuming func recorded() throws(FileError) -> RecordedTags {
    RecordedTags(table: table, numbers: try numbers.column())
  }
}
