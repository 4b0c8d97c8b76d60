/// CoNLL-U: a word a line in ten columns separated by tabs, a blank line after each sentence.
///
/// Words are the lines with a whole number in the first column. Comments, multiword ranges (`2-3`), empty nodes (`5.1`) and
/// blank lines are kept in a sentence's bytes only.
package struct CoNLLU: CorpusFormat {
  package let name = "conllu"
  package let title = "CoNLL-U"
  package let fileEndings = [".conllu"]

  package init() {}

  package func parser(of file: String) -> Parser { Parser(file: file) }

  /// A line with a column too few or too many isn't text either: its parser says what is wrong with it.
  package func recognizes(_ line: ArraySlice<UInt8>) -> Bool {
    let columns = Parser.columns(of: line)
    let id = String(decoding: columns[0], as: UTF8.self)
    return columns.count >= Parser.columnCount / 2 && (UInt(id) != nil || Parser.isRangeOrEmptyNode(id))
  }

  /// In MISC.
  package var hasNotes: Bool { true }

  package var hasSeveralTags: Bool { true }

  package func text(of words: [String], _ tags: [[String]], notes: [TagNote]?, in columns: [TagColumn]) -> [UInt8] {
    if words.isEmpty { return [] }
    let lines = words.indices.map { index in
      var fields = [String](repeating: "_", count: Parser.columnCount)
      (fields[0], fields[1]) = (String(index + 1), words[index])
      for (column, tag) in zip(columns, tags[index]) { fields[column.place] = tag }
      if let notes { fields[Parser.columnCount - 1] = notes[index].text }
      return fields.joined(separator: "\t") + "\n"
    }
    return Array("\(lines.joined())\n".utf8)
  }
}

extension CoNLLU {
  package struct Parser: SentenceParser {
    private var lines: WordLines

    /// - Parameter file: what messages call the file.
    init(file: String) {
      lines = WordLines(file: file)
    }

    package mutating func advance(_ byte: UInt8) throws(CorpusError) -> TaggedSentence? {
      try lines.advance(byte, Self.word)
    }

    package mutating func finish() throws(CorpusError) -> TaggedSentence? { try lines.finish(Self.word) }

    private static func word(of line: WordLines.Line) throws(TreebankProblem) -> TaggedSentence.Word? {
      if line.content.first == UInt8(ascii: "#") { return nil }
      let columns = columns(of: line.content)
      guard columns.count == columnCount else { throw .columns(found: columns.count) }

      let id = String(decoding: columns[0], as: UTF8.self)
      let expected = line.wordsBefore + 1
      if id != String(expected) {
        if isRangeOrEmptyNode(id) { return nil }
        throw .id(found: id, expected: expected)
      }
      if columns[1].isEmpty { throw .emptyForm }
      return TaggedSentence.Word(
        line: line.number, form: columns[1].indices, upos: columns[TagColumn.upos.place].indices,
        xpos: columns[TagColumn.xpos.place].indices, feats: columns[TagColumn.feats.place].indices,
        misc: columns[9].indices)
    }

    static let columnCount = 10

    static func columns(of line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
      line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    }

    /// Whether an id is two whole numbers with a hyphen or full stop between them.
    static func isRangeOrEmptyNode(_ id: String) -> Bool {
      let numbers = id.utf8.split(omittingEmptySubsequences: false) {
        $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
      }
      let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
      return numbers.count == 2
        && numbers.allSatisfy { number in !number.isEmpty && number.allSatisfy(digits.contains) }
    }
  }
}

/// What can be wrong with a line of a CoNLL-U file.
package enum TreebankProblem: LineProblem {
  case columns(found: Int)
  /// The first column of a word that is out of its sentence's order.
  case id(found: String, expected: Int)
  case emptyForm

  package var description: String {
    switch self {
    case .columns(let found):
      "expected the 10 columns of CoNLL-U, separated by tabs, found \(found)"
    case .id(let found, let expected):
      "expected word \(expected) of the sentence, found \"\(found)\" in the first column; "
        + "a blank line ends each sentence"
    case .emptyForm:
      "expected a word in the second column, found nothing"
    }
  }
}
