/// CoNLL-U: a word a line in ten columns separated by tabs, a blank line after each sentence.
///
/// Words are the lines with a whole number in the first column. Comments, multiword ranges (`2-3`), empty nodes (`5.1`) and
/// blank lines are kept in a sentence's bytes only. A sentence has its lines with their line ends, the blank line behind
/// them, and any more that stand before them; a last sentence without its blank line counts.
package struct CoNLLU: CorpusFormat {
  package let name = "conllu"
  package let title = "CoNLL-U"
  package let fileEndings = [".conllu"]

  package init() {}

  package func parser(of file: String) -> Parser { Parser(file: file) }

  package func recognizes(_ line: ArraySlice<UInt8>) -> Bool {
    let columns = Parser.columns(of: line)
    let id = String(decoding: columns[0], as: UTF8.self)
    return columns.count == Parser.columnCount && (UInt(id) != nil || Parser.isRangeOrEmptyNode(id))
  }

  package func text(of words: [String], _ tags: [String], in column: TagColumn) -> [UInt8] {
    if words.isEmpty { return [] }
    let lines = zip(words, tags).enumerated().map { index, pair in
      let (upos, xpos) = column == .upos ? (pair.1, "_") : ("_", pair.1)
      return "\(index + 1)\t\(pair.0)\t_\t\(upos)\t\(xpos)\t_\t_\t_\t_\t_\n"
    }
    return Array("\(lines.joined())\n".utf8)
  }
}

extension CoNLLU {
  /// Puts lines together of bytes, and sentences of lines.
  package struct Parser: SentenceParser {
    /// What messages call the file.
    private let file: String
    private var line = 1
    private var lineStart = 0
    private var sentence = TaggedSentence()
    /// Whether the sentence has more than blank lines.
    private var hasContent = false

    init(file: String) {
      self.file = file
    }

    package mutating func advance(_ byte: UInt8) throws(CorpusError) -> TaggedSentence? {
      sentence.bytes.append(byte)
      if byte != UInt8(ascii: "\n") { return nil }
      let isBlank = try endLine(at: sentence.bytes.count - 1)
      return isBlank && hasContent ? endSentence() : nil
    }

    /// What stands at the file's end without a blank line behind it; blank lines alone make a sentence without words.
    package mutating func finish() throws(CorpusError) -> TaggedSentence? {
      if sentence.bytes.count > lineStart { _ = try endLine(at: sentence.bytes.count) }
      return sentence.bytes.isEmpty ? nil : endSentence()
    }

    /// Returns whether the line is a blank one.
    private mutating func endLine(at end: Int) throws(CorpusError) -> Bool {
      defer {
        line += 1
        lineStart = sentence.bytes.count
      }
      var content = lineStart..<end
      if line == 1, sentence.bytes[content].hasByteOrderMark { content = byteOrderMarkLength..<end }
      if sentence.bytes[content].last == UInt8(ascii: "\r") { content = content.dropLast() }
      if content.isEmpty { return true }
      hasContent = true
      do {
        try addWord(in: content)
      } catch {
        throw .malformedTreebank(path: file, line: line, problem: error)
      }
      return false
    }

    private mutating func endSentence() -> TaggedSentence {
      defer {
        sentence.removeAll()
        lineStart = 0
        hasContent = false
      }
      return sentence
    }

    /// Notes the word of a line, if it has one.
    private mutating func addWord(in range: Range<Int>) throws(TreebankProblem) {
      if sentence.bytes[range.lowerBound] == UInt8(ascii: "#") { return }
      let columns = Self.columns(of: sentence.bytes[range]).map(\.indices)
      guard columns.count == Self.columnCount else { throw .columns(found: columns.count) }

      let id = String(decoding: sentence.bytes[columns[0]], as: UTF8.self)
      let expected = sentence.words.count + 1
      if id != String(expected) {
        if Self.isRangeOrEmptyNode(id) { return }
        throw .id(found: id, expected: expected)
      }
      if columns[1].isEmpty { throw .emptyForm }
      sentence.words.append(
        TaggedSentence.Word(line: line, form: columns[1], upos: columns[3], xpos: columns[4]))
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
