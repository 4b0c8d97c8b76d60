/// The column of a CoNLL-U file that holds the tags.
package enum TagColumn: String, Sendable, CaseIterable {
  /// Universal parts of speech, the same for all languages.
  case upos = "UPOS"
  /// The parts of speech of the treebank's own tradition.
  case xpos = "XPOS"
}

/// A sentence of a CoNLL-U file: its bytes as they were, and where in them the words and tags are.
///
/// Words are the lines with a whole number in the first column. Comments, multiword ranges (`2-3`), empty nodes (`5.1`)
/// and blank lines are kept in the bytes only.
package struct TreebankSentence: Sendable {
  package struct Word: Sendable {
    /// Line of the file, counted from 1.
    package let line: Int
    /// Where the sentence's bytes hold the word.
    package let form: Range<Int>
    fileprivate let upos: Range<Int>
    fileprivate let xpos: Range<Int>

    /// Where the sentence's bytes hold the tag; `_` stands for none.
    package subscript(column: TagColumn) -> Range<Int> {
      switch column {
      case .upos: upos
      case .xpos: xpos
      }
    }
  }

  /// The sentence's lines with their line ends, the blank line behind them, and any more that stand before them.
  package internal(set) var bytes: [UInt8] = []
  package private(set) var words: [Word] = []

  /// What the words are, in order.
  package var forms: [String] { words.map { String(decoding: bytes[$0.form], as: UTF8.self) } }

  /// The sentence's lines with one tag for each word put into a column; everything else is as it was.
  ///
  /// - Precondition: there are as many tags as words.
  package func replacing(_ column: TagColumn, with tags: [String]) -> [UInt8] {
    precondition(tags.count == words.count, "a tag for each word")
    var result: [UInt8] = []
    var copied = 0
    for (word, tag) in zip(words, tags) {
      result += bytes[copied..<word[column].lowerBound]
      result += tag.utf8
      copied = word[column].upperBound
    }
    return result + bytes[copied...]
  }

  /// Parses a line that is in `bytes` already, and notes the word if it has one.
  mutating func addWord(in range: Range<Int>, line: Int) throws(TreebankProblem) {
    if bytes[range.lowerBound] == UInt8(ascii: "#") { return }
    let columns = Self.columns(of: bytes[range]).map(\.indices)
    guard columns.count == Self.columnCount else { throw .columns(found: columns.count) }

    let id = String(decoding: bytes[columns[0]], as: UTF8.self)
    let expected = words.count + 1
    if id != String(expected) {
      if Self.isRangeOrEmptyNode(id) { return }
      throw .id(found: id, expected: expected)
    }
    if columns[1].isEmpty { throw .emptyForm }
    words.append(Word(line: line, form: columns[1], upos: columns[3], xpos: columns[4]))
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    words.removeAll(keepingCapacity: true)
  }

  /// Whether a line is one of CoNLL-U's words rather than plain text: ten columns with a number in the first.
  static func isWordLine(_ line: ArraySlice<UInt8>) -> Bool {
    let columns = columns(of: line)
    let id = String(decoding: columns[0], as: UTF8.self)
    return columns.count == columnCount && (UInt(id) != nil || isRangeOrEmptyNode(id))
  }

  private static let columnCount = 10

  private static func columns(of line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
  }

  /// Whether an id is two whole numbers with a hyphen or full stop between them.
  private static func isRangeOrEmptyNode(_ id: String) -> Bool {
    let numbers = id.utf8.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    return numbers.count == 2 && numbers.allSatisfy { number in !number.isEmpty && number.allSatisfy(digits.contains) }
  }
}
