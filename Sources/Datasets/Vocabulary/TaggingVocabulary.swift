/// What a tagger knows beside the words that have embeddings.
package struct TaggingVocabulary: Sendable, Equatable {
  /// The target of a word that has no tag in its corpus.
  package static let noTag: Int32 = -1

  /// What a text has for the tag of that number among its foreign ones: one that this vocabulary lacks. It is its own
  /// inverse.
  package static func foreign(_ number: Int32) -> Int32 { noTag - 1 - number }

  /// A tagger's columns, at least one, in the order of its output layers.
  package let columns: [TagSet]
  /// `<unk>`, and the characters (Unicode scalars) of the training words.
  package let characters: Vocabulary
  /// The word forms of the training split in order of appearance, those without an embedding included: every other word
  /// is an unknown one.
  package let trainingWords: TokenTable
  /// [combination][column] the tags, by id, that words of a training split have together, in ascending order, `noTag` in a column
  /// where they lack one. None of a single column, nor of a model from before there were combinations.
  package var combinations: [[Int32]] = []

  package init(columns: [TagSet], characters: Vocabulary, trainingWords: TokenTable) {
    self.columns = columns
    self.characters = characters
    self.trainingWords = trainingWords
  }

  /// Derives the characters from the words.
  package init(columns: [TagSet], trainingWords: TokenTable) {
    let characters = Vocabulary(tokens: [Vocabulary.unknownToken] + Self.characters(of: trainingWords))
    self.init(columns: columns, characters: characters, trainingWords: trainingWords)
  }

  /// The different characters of some words, in their order.
  static func characters(of words: TokenTable) -> [String] {
    var scalars: Set<Unicode.Scalar> = []
    for word in words.tokens { scalars.formUnion(word.unicodeScalars) }
    return scalars.sorted().map { String($0) }
  }

  /// Whether words, characters and tags have the same ids in another one.
  package func hasIds(of other: TaggingVocabulary) -> Bool {
    columns == other.columns && characters == other.characters && trainingWords == other.trainingWords
  }

  /// What keeps a tagger from finding an id for every word and every character, and a tag for every id; nil: nothing does.
  package func flaw(beside vocabulary: Vocabulary) -> String? {
    if columns.isEmpty || columns.contains(where: \.tags.isEmpty) { return "it has no tags" }
    for set in columns {
      if let tag = set.repeatedTag { return "its tags have \(tag) twice" }
    }
    let areCombined = combinations.allSatisfy { combination in
      combination.count == columns.count
        && zip(combination, columns).allSatisfy { ($0 == Self.noTag || 0 <= $0) && Int($0) < $1.tags.count }
    }
    if !areCombined { return "its tags' combinations have others than its columns" }
    guard vocabulary.unknownId != nil, characters.unknownId != nil else {
      return "its tokens or its characters lack \(Vocabulary.unknownToken)"
    }
    return nil
  }
}

/// The tags of one column, by id.
package struct TagSet: Sendable, Equatable {
  /// Where CoNLL-U has these tags.
  package let column: TagColumn
  package let tags: [String]

  package init(_ column: TagColumn, _ tags: [String] = []) {
    self.column = column
    self.tags = tags
  }

  /// Those of a table behind the others, each once.
  func adding(_ table: TokenTable) -> TagSet {
    var all = TokenTable(tags)
    for number in 0..<table.count { _ = all.insert(table[number]) }
    return TagSet(column, all.tokens)
  }

  /// A tag that stands in the list more than once. Canonical equivalence counts here: nobody could tell such tags apart
  /// in a report.
  package var repeatedTag: String? {
    var seen: Set<String> = []
    return tags.first { !seen.insert($0).inserted }
  }
}
