import Diagnostics

/// What can be wrong with a line of a file of word vectors.
package enum VectorsProblem: Error, Equatable, CustomStringConvertible {
  /// `found` counts what stands behind the first word.
  case width(found: Int, expected: Int)
  case number(found: String)
  /// The file ends before it has as many words as its first line says.
  case truncated(found: Int, expected: Int)
  case empty

  package var description: String {
    switch self {
    case .width(let found, let expected):
      "expected a word and \(counted(expected, "number")) (model.embedding), found \(counted(found, "number"))"
    case .number(let found):
      "expected a number, found \"\(found)\""
    case .truncated(let found, let expected):
      "expected \(counted(expected, "word")), as the first line says, but the file ends after \(found)"
    case .empty:
      "expected words and their vectors, found none"
    }
  }
}

/// Takes the text of word2vec and GloVe apart: a word and its numbers a line, with white space between. word2vec puts a
/// line with the number of words and the width of their vectors first.
struct VectorParser {
  private let path: String
  private let width: Int
  private var line = 0
  private var bytes: [UInt8] = []
  private var isLineOver = false
  private var wordEnd = 0
  /// What the first line says, if it is not a word's.
  private var announcedWords: Int?
  private var wordCount = 0

  init(path: String, width: Int) {
    self.path = path
    self.width = width
  }

  /// The line's word. It may have spaces in it: GloVe has ". . ." for one.
  var word: ArraySlice<UInt8> { bytes[..<wordEnd] }

  /// Takes in one byte, and returns whether a word's line ends with it.
  mutating func advance(_ byte: UInt8) throws(CorpusError) -> Bool {
    if isLineOver { bytes.removeAll(keepingCapacity: true) }
    isLineOver = byte == UInt8(ascii: "\n")
    if isLineOver { return try endLine() }
    bytes.append(byte)
    return false
  }

  /// Returns whether there was a word's line without a newline at the file's end.
  mutating func finish() throws(CorpusError) -> Bool {
    let isWord = isLineOver ? false : try endLine()
    if wordCount == 0 { throw problem(.empty) }
    if let announcedWords, wordCount < announcedWords {
      throw problem(.truncated(found: wordCount, expected: announcedWords))
    }
    return isWord
  }

  /// The numbers behind the word.
  func numbers() throws(CorpusError) -> [Float] {
    var numbers: [Float] = []
    for field in fields(of: bytes[wordEnd...]) {
      let text = String(decoding: field, as: UTF8.self)
      guard let number = Float(text), number.isFinite else { throw problem(.number(found: text)) }
      numbers.append(number)
    }
    return numbers
  }

  private mutating func endLine() throws(CorpusError) -> Bool {
    line += 1
    if line == 1 {
      if bytes.hasByteOrderMark { bytes.removeFirst(byteOrderMarkLength) }
      let fields = fields(of: bytes[...]).map { String(decoding: $0, as: UTF8.self) }
      if fields.count == 2, let count = Int(fields[0]), let announcedWidth = Int(fields[1]) {
        guard announcedWidth == width else { throw problem(.width(found: announcedWidth, expected: width)) }
        announcedWords = count
        return false
      }
      // The one line whose numbers are counted from its start: behind a word with spaces there could be any number.
      if fields.count > width + 1 { throw problem(.width(found: fields.count - 1, expected: width)) }
    }
    if bytes.allSatisfy(Self.isSpace) { return false }
    guard let end = endOfWord() else {
      throw problem(.width(found: fields(of: bytes[...]).count - 1, expected: width))
    }
    wordEnd = end
    wordCount += 1
    return true
  }

  /// Where the word ends that stands before the line's last fields, nil if there are too few. A word may be empty, as in
  /// vectors of tokens that somebody's program made of white space: no vocabulary has it.
  private func endOfWord() -> Int? {
    var end = bytes.count
    func skip(while isSkipped: (UInt8) -> Bool) { while end > 0, isSkipped(bytes[end - 1]) { end -= 1 } }
    for _ in 0..<width {
      skip(while: Self.isSpace)
      skip(while: { !Self.isSpace($0) })
    }
    let isWordEmpty = end > 0 && bytes[..<end].allSatisfy(Self.isSpace) && fields(of: bytes[...]).count == width
    if isWordEmpty { return 0 }
    skip(while: Self.isSpace)
    return end > 0 ? end : nil
  }

  private func fields(of bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] { bytes.split(whereSeparator: Self.isSpace) }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private func problem(_ problem: VectorsProblem) -> CorpusError {
    .malformedVectors(path: path, line: max(line, 1), problem: problem)
  }
}
