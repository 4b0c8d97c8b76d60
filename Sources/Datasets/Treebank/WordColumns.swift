import Diagnostics
import Keys

/// A word a line in columns, one of which is its tag, and an empty line behind each sentence, as the files of CoNLL-2000 and
/// CoNLL-U Plus are.
///
/// Each line is a word, unless it is empty or a comment. Other columns are kept in a sentence's bytes only.
package struct WordColumns: CorpusFormat {
  package enum Separator: String, CaseIterable, Sendable {
    /// One tab: a column may be empty.
    case tab
    /// One space or more.
    case space
  }

  /// Columns count from 1.
  package var wordColumn = 1
  package var tagColumn = 2
  package var separator = Separator.tab
  /// Whether lines that begin with `#` are comments. They aren't by default: a word of a corpus may begin so, too, and
  /// would be lost without a sign.
  package var comments = false

  package init() {}

  package var name: String { "columns" }
  package var title: String { "a file of columns" }

  package func title(of column: TagColumn) -> String { "column \(tagColumn)" }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.value("word_column", &wordColumn, .whole(Self.places), "the column of the words, counted from 1")
    keys.value("tag_column", &tagColumn, .whole(Self.places), "the column of the tags, counted from 1")
    keys.value("separator", &separator, .choice, "what stands between columns: one tab, or one space or more")
    keys.value("comments", &comments, .flag, "whether lines that begin with # are comments, not words")
  }

  private static let places = 1...1000

  package var objections: [Objection] {
    guard wordColumn == tagColumn else { return [] }
    return [Objection(key: "tag_column", reason: "is the column of the words", otherKeys: ["word_column"])]
  }

  package func parser(of file: String) -> Parser { Parser(format: self, file: file) }

  /// Columns other than those of words and tags have `_`. Of several tags the first is the one that there is a place for.
  package func text(of words: [String], _ tags: [[String]], notes: [TagNote]?, in columns: [TagColumn]) -> [UInt8] {
    if words.isEmpty { return [] }
    let lines = zip(words, tags).map { word, tags in
      (1...neededColumns).map { $0 == wordColumn ? word : $0 == tagColumn ? tags.first ?? "_" : "_" }
        .joined(separator: separator == .tab ? "\t" : " ") + "\n"
    }
    return Array("\(lines.joined())\n".utf8)
  }

  private var neededColumns: Int { max(wordColumn, tagColumn) }
}

extension WordColumns {
  package struct Parser: SentenceParser {
    private let format: WordColumns
    private var lines: WordLines

    fileprivate init(format: WordColumns, file: String) {
      self.format = format
      lines = WordLines(file: file)
    }

    package mutating func advance(_ byte: UInt8) throws(CorpusError) -> TaggedSentence? {
      try lines.advance(byte, format.word)
    }

    package mutating func finish() throws(CorpusError) -> TaggedSentence? { try lines.finish(format.word) }
  }

  private func word(of line: WordLines.Line) throws(ColumnsProblem) -> TaggedSentence.Word? {
    let mayBeComment = line.content.first == UInt8(ascii: "#")
    if comments, mayBeComment { return nil }
    let columns =
      switch separator {
      case .tab: line.content.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      case .space: line.content.split(separator: UInt8(ascii: " "))
      }
    guard columns.count >= neededColumns else {
      throw .tooFew(found: columns.count, needed: neededColumns, separator, mayBeComment: mayBeComment)
    }
    let (word, tag) = (columns[wordColumn - 1].indices, columns[tagColumn - 1].indices)
    if word.isEmpty { throw .noWord(column: wordColumn) }
    return TaggedSentence.Word(line: line.number, form: word, tag: tag)
  }
}

/// What can be wrong with a line of a file of columns.
package enum ColumnsProblem: LineProblem {
  case tooFew(found: Int, needed: Int, WordColumns.Separator, mayBeComment: Bool)
  case noWord(column: Int)

  package var description: String {
    switch self {
    case .tooFew(let found, let needed, let separator, let mayBeComment):
      "expected at least \(counted(needed, "column")), separated by \(separator.rawValue)s, found \(found)"
        + (mayBeComment ? "; with data.comments: true a line that begins with # is a comment" : "")
    case .noWord(let column):
      "expected a word in column \(column), found nothing"
    }
  }
}
