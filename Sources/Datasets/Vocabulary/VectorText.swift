/// Vectors of words as the text of word2vec, which gensim, GloVe's tools and `WordVectors` read: a line with the number of words
/// and the width of their vectors, then a word and its numbers a line, with one space between.
///
/// Numbers are the shortest that read back as the same floats.
package struct VectorText {
  private let words: [String]
  private let width: Int

  package init(words: [String], width: Int) {
    (self.words, self.width) = (words, width)
  }

  package var header: [UInt8] { Array("\(words.count) \(width)\n".utf8) }

  /// The lines of some words.
  ///
  /// - Parameter vector: of the word of that number.
  package func lines(_ range: Range<Int>, vector: (Int) -> [Float]) -> [UInt8] {
    range.reduce(into: []) { text, index in
      text += Self.word(for: words[index]).utf8
      for number in vector(index) { text += " \(number)".utf8 }
      text.append(UInt8(ascii: "\n"))
    }
  }

  /// What stands for a token: itself, with white space and control characters as `<U+00A0>`, since a line of the file couldn't
  /// hold them. A line's end at character level is `</s>`, as word2vec has it.
  package static func word(for token: String) -> String {
    if token == "\n" { return Vocabulary.endOfLineToken }
    func isPlain(_ scalar: Unicode.Scalar) -> Bool {
      !WhitespaceTokenizer.isWhitespace(scalar) && scalar.properties.generalCategory != .control
    }
    if token.unicodeScalars.allSatisfy(isPlain) { return token }
    return token.unicodeScalars.map { scalar in
      if isPlain(scalar) { return String(scalar) }
      let digits = String(scalar.value, radix: 16, uppercase: true)
      return "<U+\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)>"
    }.joined()
  }

  /// Whether a file that begins with these bytes is one of its kind.
  package static func begins(_ bytes: some Collection<UInt8>) -> Bool {
    let line = bytes.prefix(48).prefix { $0 != UInt8(ascii: "\n") }
    let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    return fields.count == 2 && fields.allSatisfy { UInt(String(decoding: $0, as: UTF8.self)) != nil }
  }
}
