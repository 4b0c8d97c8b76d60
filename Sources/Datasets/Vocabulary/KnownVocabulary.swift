import Files

/// What a model knows already, or a file says that it is to know: a dataset that is made for it keeps the ids of its words,
/// tags and characters, whatever the new text has. What else the text has is unknown, or stands behind it where
/// `VocabularySettings.extends` says so.
package struct KnownVocabulary: Sendable {
  package let words: Vocabulary
  /// What makes text these words; nil: any that a configuration says.
  package let tokenization: Tokenization?
  /// Of a tagger.
  package let tagging: TaggingVocabulary?

  package init(words: Vocabulary, tokenization: Tokenization? = nil, tagging: TaggingVocabulary? = nil) {
    self.words = words
    self.tokenization = tokenization
    self.tagging = tagging
  }

  /// What a tokenizer's own ids mean.
  package init(of tokenizer: BytePairTokenizer) {
    self.init(words: tokenizer.vocabulary, tokenization: .bpe(tokenizer))
  }

  /// Whether a dataset keeps the ids of all that is known and that it has a use for.
  package func isKept(in dataset: SequenceDataset) -> Bool {
    guard dataset.vocabulary.isLowercase == words.isLowercase, dataset.vocabulary.table.begins(with: words.table) else {
      return false
    }
    guard let tagging, let other = dataset.tagging else { return true }
    return other.characters.table.begins(with: tagging.characters.table)
      && tagging.columns.allSatisfy { known in
        other.columns.allSatisfy {
          $0.column != known.column || TokenTable($0.tags).begins(with: TokenTable(known.tags))
        }
      }
  }

  /// A hash of all of it in order.
  package var contentHash: String {
    let tags: [[String]?] = tagging?.columns.map(\.tags) ?? [nil]
    let lists =
      [words.tokens] + tags
      + [
        tagging?.characters.tokens, tagging?.trainingWords.tokens, (tokenization?.subwords?.json).map { [$0] },
      ]
    var hash = ContentHash()
    // None of these bytes is part of any token's UTF-8.
    if words.isLowercase { [0xFD as UInt8].withUnsafeBytes { hash.update($0) } }
    for list in lists {
      for token in list ?? [] { Array(token.utf8 + [0xFF]).withUnsafeBytes { hash.update($0) } }
      [0xFE as UInt8].withUnsafeBytes { hash.update($0) }
    }
    return hash.hex
  }
}

extension Vocabulary {
  /// The vocabulary of a training split, or the one that a model knows with what is added to it.
  ///
  /// - Returns: the vocabulary, and how often a word may come and have been missed by it; 0: none was.
  static func of(
    _ train: TextPart, settings: VocabularySettings, known: KnownVocabulary?
  ) throws(CorpusError) -> (vocabulary: Vocabulary, missed: Int) {
    if let known { return try extending(known.words, by: train, settings: settings) }
    return try counting(train, settings: settings)
  }
}

extension TaggingVocabulary {
  /// What a tagger of a treebank knows.
  ///
  /// - Parameters:
  ///   - knownTags: by column, those that the model has already.
  ///   - tags: by column, these and those of all splits.
  ///   - words: the forms of the training split, behind those that `known` has.
  ///   - known: what the model knows already.
  /// - Throws: `CorpusError.unknownTags` for tags that nothing adds to the known ones.
  init(
    tags knownTags: [TagSet], and tags: [TagSet], words: TokenTable, known: TaggingVocabulary?,
    settings: VocabularySettings, paths: [String]
  ) throws(CorpusError) {
    var columns: [TagSet] = []
    for (known, all) in zip(knownTags, tags) {
      let table = TokenTable(all.tags)
      let added = (known.tags.count..<table.count).sorted(by: table.areInIncreasingOrder).map { table[$0] }
      if !known.tags.isEmpty, !added.isEmpty, !settings.extends { throw .unknownTags(added, paths: paths) }
      columns.append(TagSet(known.column, known.tags + added))
    }
    guard let known else {
      self.init(columns: columns, trainingWords: words)
      return
    }
    var characters = known.characters.tokens
    if settings.extends {
      characters += Self.characters(of: words).filter { known.characters.table.number(of: $0) == nil }
    }
    self.init(columns: columns, characters: Vocabulary(tokens: characters), trainingWords: words)
  }
}
