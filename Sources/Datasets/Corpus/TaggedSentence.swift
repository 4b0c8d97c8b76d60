/// The column of a CoNLL-U file that holds the tags. A format with one tag for each word has the same in both.
package enum TagColumn: String, Sendable, CaseIterable {
  /// Universal parts of speech, the same for all languages.
  case upos = "UPOS"
  /// The parts of speech of the treebank's own tradition.
  case xpos = "XPOS"
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
    /// Where the sentence's bytes hold what else there is to say of the word; nil in a format without a place for it.
    let misc: Range<Int>?

    init(line: Int, form: Range<Int>, upos: Range<Int>?, xpos: Range<Int>?, misc: Range<Int>? = nil) {
      (self.line, self.form, self.upos, self.xpos, self.misc) = (line, form, upos, xpos, misc)
    }

    /// Where the sentence's bytes hold the tag; nil in a format without tags.
    package subscript(column: TagColumn) -> Range<Int>? {
      switch column {
      case .upos: upos
      case .xpos: xpos
      }
    }
  }

  /// All that the file has from the end of the sentence before to the end of this one.
  package internal(set) var bytes: [UInt8] = []
  package internal(set) var words: [Word] = []

  /// What the words are, in order.
  package var forms: [String] { words.map { String(decoding: bytes[$0.form], as: UTF8.self) } }

  /// A word's tag; nil for a word without, for which `_` stands too.
  func tag(of word: Word, in column: TagColumn) -> ArraySlice<UInt8>? {
    guard let range = word[column], !range.isEmpty, !bytes[range].elementsEqual("_".utf8) else { return nil }
    return bytes[range]
  }

  /// The bytes with one tag for each word put where its tag is, and a note added to what else is said of it; everything else
  /// is as it was.
  ///
  /// - Parameter notes: nil for none.
  /// - Precondition: there are as many tags as words, and notes.
  package func replacing(_ column: TagColumn, with tags: [String], notes: [TagNote]? = nil) -> [UInt8] {
    precondition(tags.count == words.count && notes?.count ?? tags.count == tags.count, "a tag for each word")
    var result: [UInt8] = []
    var copied = 0
    func replace(_ range: Range<Int>?, by text: (String) -> String) {
      guard let range else { return }
      result += bytes[copied..<range.lowerBound]
      result += text(String(decoding: bytes[range], as: UTF8.self)).utf8
      copied = range.upperBound
    }
    for (index, word) in words.enumerated() {
      replace(word[column]) { _ in tags[index] }
      if let notes { replace(word.misc) { notes[index].added(to: $0) } }
    }
    return result + bytes[copied...]
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    words.removeAll(keepingCapacity: true)
  }
}
