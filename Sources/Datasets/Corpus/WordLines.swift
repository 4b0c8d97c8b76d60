/// Puts lines together of bytes, and sentences of lines, for formats with a word a line and an empty line behind each
/// sentence.
///
/// A sentence has its lines with their line ends, the empty line behind them, and any more that stand before them; a last
/// sentence without its empty line counts. A line of white space alone is an empty one, as editors leave it. Line ends are LF
/// or CR LF, and a byte order mark at the file's start is no text.
struct WordLines {
  /// A line that isn't empty.
  struct Line {
    /// Counted from 1.
    let number: Int
    /// Without its end, by its indices in the sentence's bytes.
    let content: ArraySlice<UInt8>
    /// How many words the sentence has before it.
    let wordsBefore: Int
  }

  /// What messages call the file.
  private let file: String
  private var line = 1
  private var lineStart = 0
  private var sentence = TaggedSentence()
  /// Whether the sentence has more than empty lines.
  private var hasContent = false

  init(file: String) {
    self.file = file
  }

  /// Takes in one byte, and returns the sentence that ends with it.
  ///
  /// - Parameter word: the word of a line, nil for a line without, such as a comment.
  mutating func advance<Problem: LineProblem>(
    _ byte: UInt8, _ word: (Line) throws(Problem) -> TaggedSentence.Word?
  ) throws(CorpusError) -> TaggedSentence? {
    sentence.bytes.append(byte)
    if byte != UInt8(ascii: "\n") { return nil }
    let isEmpty = try endLine(at: sentence.bytes.count - 1, word)
    return isEmpty && hasContent ? endSentence() : nil
  }

  /// What stands at the file's end without an empty line behind it; empty lines alone make a sentence without words.
  mutating func finish<Problem: LineProblem>(
    _ word: (Line) throws(Problem) -> TaggedSentence.Word?
  ) throws(CorpusError) -> TaggedSentence? {
    if sentence.bytes.count > lineStart { _ = try endLine(at: sentence.bytes.count, word) }
    return sentence.bytes.isEmpty ? nil : endSentence()
  }

  /// Returns whether the line is an empty one.
  private mutating func endLine<Problem: LineProblem>(
    at end: Int, _ word: (Line) throws(Problem) -> TaggedSentence.Word?
  ) throws(CorpusError) -> Bool {
    defer {
      line += 1
      lineStart = sentence.bytes.count
    }
    var content = lineStart..<end
    if line == 1, sentence.bytes[content].hasByteOrderMark { content = byteOrderMarkLength..<end }
    if sentence.bytes[content].last == UInt8(ascii: "\r") { content = content.dropLast() }
    if sentence.bytes[content].allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { return true }
    hasContent = true
    // Lines that end in it alone would be one line, and often one comment.
    if sentence.bytes[content].contains(UInt8(ascii: "\r")) {
      throw .malformedLine(MalformedLine(path: file, line: line, problem: LineEndProblem.carriageReturn))
    }
    do {
      let line = Line(number: line, content: sentence.bytes[content], wordsBefore: sentence.words.count)
      if let word = try word(line) { sentence.words.append(word) }
    } catch {
      throw .malformedLine(MalformedLine(path: file, line: line, problem: error))
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
}

/// What can be wrong with a line: each format's own type.
package protocol LineProblem: Error, Equatable, CustomStringConvertible {}

/// What can be wrong with a line's end, in any format.
package enum LineEndProblem: LineProblem {
  /// One without a newline behind it.
  case carriageReturn

  package var description: String {
    "expected lines that end in LF or CR LF, found CR alone; convert the file first (for example: tr '\\r' '\\n')"
  }
}

extension LineProblem {
  fileprivate func isEqual(to other: any LineProblem) -> Bool { other as? Self == self }
}

/// A line of a file that its format doesn't have.
package struct MalformedLine: Sendable, Equatable, CustomStringConvertible {
  let path: String
  /// Counted from 1.
  let line: Int
  let problem: any LineProblem

  package init(path: String, line: Int, problem: any LineProblem) {
    (self.path, self.line, self.problem) = (path, line, problem)
  }

  package var description: String { "\(path):\(line): \(problem)" }

  package static func == (a: Self, b: Self) -> Bool {
    a.path == b.path && a.line == b.line && a.problem.isEqual(to: b.problem)
  }
}
