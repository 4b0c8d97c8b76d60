/// A column of a CoNLL-U file that holds tags. A format with one tag for each word has the same in all.
package enum TagColumn: String, Sendable, CaseIterable {
  /// Universal parts of speech, the same for all languages.
  case upos = "UPOS"
  /// The parts of speech of the treebank's own tradition.
  case xpos = "XPOS"
  /// Morphological features, a bundle of them as one tag: `Number=Sing|Tense=Past`.
  case feats = "FEATS"

  /// Whether `_` is a tag, and not the lack of one: of features it says that a word has none.
  var hasEmptyTag: Bool { self == .feats }

  /// Which of CoNLL-U's columns it is, counted from 0.
  var place: Int {
    switch self {
    case .upos: 3
    case .xpos: 4
    case .feats: 5
    }
  }
}

/// A sentence of a file: its bytes as they were, and where in them the words are, and their tags where they have any.
package struct TaggedSentence: Sendable {
  package struct Word: Sendable {
    /// Line of the file, counted from 1.
    package let line: Int
    /// Where the sentence's bytes hold the word.
    package let form: Range<Int>
    private let upos: Range<Int>?
    private let xpos: Range<Int>?
    private let feats: Range<Int>?
    /// Where the sentence's bytes hold what else there is to say of the word; nil in a format without a place for it.
    let misc: Range<Int>?

    init(
      line: Int, form: Range<Int>, upos: Range<Int>?, xpos: Range<Int>?, feats: Range<Int>?, misc: Range<Int>? = nil
    ) {
      (self.line, self.form, self.misc) = (line, form, misc)
      (self.upos, self.xpos, self.feats) = (upos, xpos, feats)
    }

    /// A word with one tag at most, whatever column it is asked for.
    init(line: Int, form: Range<Int>, tag: Range<Int>?) {
      self.init(line: line, form: form, upos: tag, xpos: tag, feats: tag)
    }

    /// Where the sentence's bytes hold the tag; nil in a format without tags.
    package subscript(column: TagColumn) -> Range<Int>? {
      switch column {
      case .upos: upos
      case .xpos: xpos
      case .feats: feats
      }
    }
  }

  /// All that the file has from the end of the sentence before to the end of this one.
  package internal(set) var bytes: [UInt8] = []
  package internal(set) var words: [Word] = []

  /// What the words are, in order.
  package var forms: [String] { words.map { String(decoding: bytes[$0.form], as: UTF8.self) } }

  /// A word's tag; nil for a word without, for which `_` stands too, but in FEATS.
  func tag(of word: Word, in column: TagColumn) -> ArraySlice<UInt8>? {
    guard let range = word[column], !range.isEmpty else { return nil }
    return column.hasEmptyTag || !bytes[range].elementsEqual("_".utf8) ? bytes[range] : nil
  }

  /// The bytes with each word's tags put where they are, and a note added to what else is said of it; everything else is
  /// as it was.
  ///
  /// - Parameters:
  ///   - columns: those of a word's tags, in any order.
  ///   - tags: [word][column]
  ///   - notes: nil for none.
  /// - Precondition: there are tags for each word, and notes.
  package func replacing(_ columns: [TagColumn], with tags: [[String]], notes: [TagNote]? = nil) -> [UInt8] {
    precondition(tags.count == words.count && notes?.count ?? tags.count == tags.count, "tags for each word")
    var result: [UInt8] = []
    var copied = 0
    func replace(_ range: Range<Int>?, by text: (String) -> String) {
      guard let range else { return }
      result += bytes[copied..<range.lowerBound]
      result += text(String(decoding: bytes[range], as: UTF8.self)).utf8
      copied = range.upperBound
    }
    // As they stand in a line.
    let order = columns.indices.sorted { columns[$0].place < columns[$1].place }
    for (index, word) in words.enumerated() {
      for column in order { replace(word[columns[column]]) { _ in tags[index][column] } }
      if let notes { replace(word.misc) { notes[index].added(to: $0) } }
    }
    return result + bytes[copied...]
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    words.removeAll(keepingCapacity: true)
  }
}
