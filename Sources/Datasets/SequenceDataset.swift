import Files

/// A part of a corpus with a purpose of its own.
package enum Split: String, CaseIterable, Sendable {
  case train, validation, test

  /// As a line begins with it.
  package var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

/// One split of a corpus as ids, sentence after sentence. Where they are, in memory or in a file, its columns know.
package struct TokenSequence: Sendable, Equatable {
  /// Ids of all tokens. At word level each sentence ends in `</s>`; at character level in the newline.
  package var tokens: Column<Int32>
  /// n+1 positions: sentence i is `tokens[offsets[i]..<offsets[i+1]]`.
  package var offsets: Column<Int64>
  /// By column, one tag id for every token, for tagging; `TaggingVocabulary.noTag` for a token without. Below that are tags
  /// that the vocabulary lacks. Empty where there are no tags.
  package var tags: [Column<Int32>]
  /// By column, tags of a text that a tagger's vocabulary lacks, in order of appearance; none in a dataset.
  package internal(set) var foreignTags: [[String]] = []
  /// Words that are unknown only because the vocabulary has them in another Unicode normalization form; 0 in datasets of
  /// other programs.
  package var otherNormalForms = 0
  /// One index into the dataset's forms for every token, for tagging: a word may be `<unk>` and has a spelling still.
  package var forms: Column<Int32>?
  /// How long the raw text is. A 0 stands for an unknown number, as in datasets that other programs made.
  package var extent: TextExtent
  /// Hash of the bytes of the text that the split was read from, as it is before compression.
  package var sourceSHA256: String

  package init(
    tokens: Column<Int32>, offsets: Column<Int64>, tags: [Column<Int32>] = [], forms: Column<Int32>? = nil,
    extent: TextExtent,
    sourceSHA256: String
  ) {
    self.tokens = tokens
    self.offsets = offsets
    self.tags = tags
    self.forms = forms
    self.extent = extent
    self.sourceSHA256 = sourceSHA256
  }

  /// Whether there is nothing to learn or to measure: no token, or, with tags, none that has one.
  /// O(tokens) with tags.
  package func isEmpty() throws(FileError) -> Bool {
    if tags.isEmpty { return tokens.count == 0 }
    for column in tags where try column.first(where: { $0 != TaggingVocabulary.noTag }) != nil { return false }
    return true
  }

  package var sentenceCount: Int { offsets.count - 1 }

  /// Whether both are the whole of one text; two parts of it are not. False where nobody knows.
  package func isSameText(as other: TokenSequence) -> Bool {
    !sourceSHA256.isEmpty && sourceSHA256 == other.sourceSHA256 && tokens.count == other.tokens.count
      && sentenceCount == other.sentenceCount
  }

  /// Where each sentence's tokens stand. Memory: 16 bytes for each sentence.
  package func sentenceRanges() throws(FileError) -> [Range<Int>] {
    let offsets = try offsets.all()
    return zip(offsets, offsets.dropFirst()).map { Int($0)..<Int($1) }
  }

  /// What a user wants to know of the words' normalization; nil if it is nothing.
  package var normalizationNotice: String? { NormalizationCheck.notice(otherForms: otherNormalForms, of: tokens.count) }
}

/// A corpus as ids, with the vocabulary that gives them meaning.
package struct SequenceDataset: Sendable, Equatable {
  package var tokenization: Tokenization
  package var vocabulary: Vocabulary
  /// For tagging.
  package var tagging: TaggingVocabulary?
  /// For tagging, the different word forms of all splits: the training words first, each in order of appearance.
  package var forms: [String]
  package var splits: [Split: TokenSequence]
  /// How often a word of the training text may have come that the vocabulary should have and lacks, since there were too many
  /// words to count them all; 0 where none was missed.
  package var missedWords: Int

  package init(
    tokenization: Tokenization, vocabulary: Vocabulary, tagging: TaggingVocabulary? = nil, forms: [String] = [],
    splits: [Split: TokenSequence], missedWords: Int = 0
  ) {
    self.tokenization = tokenization
    self.vocabulary = vocabulary
    self.tagging = tagging
    self.forms = forms
    self.splits = splits
    self.missedWords = missedWords
  }

  /// What a user wants to know of words that were missed; nil if none was.
  package var missedWordsNotice: String? {
    guard missedWords > 0 else { return nil }
    return
      "the training text has too many different words to count them all: words that come at most \(missedWords) times may be "
      + "missing from the vocabulary, all others are counted exactly; a higher data.vocabulary.min_count or a smaller "
      + "data.vocabulary.size leaves those out"
  }
}
