/// Cuts text into tokens, piece by piece: a token or a line may begin in one piece and end in a later one.
protocol Tokenizer {
  mutating func consume(_ text: UTF8Span, into record: inout CorpusRecord)
  /// Records the token that the text ended in.
  mutating func finish(into record: inout CorpusRecord)
}

extension Tokenization {
  /// A new tokenizer, at the start of a text.
  var tokenizer: any Tokenizer {
    switch self {
    case .word: WordTokenizer()
    case .character: CharacterTokenizer()
    case .grapheme: GraphemeTokenizer()
    case .whitespace: WhitespaceTokenizer()
    case .bpe(let tokenizer): SubwordEncoder(tokenizer)
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The scalar that begins at a position of valid UTF-8.
  @inline(__always)
  func scalar(at position: Int) -> Unicode.Scalar {
    let first = UInt32(self[position])
    if first < 0x80 { return Unicode.Scalar(UInt8(truncatingIfNeeded: first)) }
    func next(_ offset: Int) -> UInt32 { UInt32(self[position + offset]) & 0x3F }
    let value =
      first < 0xE0
      ? (first & 0x1F) << 6 | next(1)
      : first < 0xF0
        ? (first & 0x0F) << 12 | next(1) << 6 | next(2)
        : (first & 0x07) << 18 | next(1) << 12 | next(2) << 6 | next(3)
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }
}

extension [UInt8] {
  /// Appends a scalar's UTF-8.
  mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.isASCII {
      append(UInt8(truncatingIfNeeded: scalar.value))
    } else {
      append(contentsOf: UTF8.encode(scalar) ?? .init())
    }
  }
}

/// Every Unicode scalar is a token, the newline one of them; it ends a sentence.
struct CharacterTokenizer: Tokenizer {
  private static let unseen: Int32 = -1
  /// The numbers that the record has for the scalars of the Basic Multilingual Plane: hashing each would take most of
  /// the time.
  private var numbers = [Int32](repeating: Self.unseen, count: 0x10000)
  /// Those of some characters that come one after the other.
  private var run = [Int32](repeating: Self.unseen, count: 1 << 10)

  mutating func consume(_ text: UTF8Span, into record: inout CorpusRecord) {
    text.span.withUnsafeBytes { bytes in
      var position = 0
      while position < bytes.count {
        let count = readKnown(bytes[position...])
        if count > 0 {
          record.append(numbers: run[..<count])
          record.characters += count
          position += count
          continue
        }
        let scalar = bytes.scalar(at: position)
        position += UTF8.width(scalar)
        record.characters += 1
        let value = Int(scalar.value)
        if value < numbers.count, numbers[value] != Self.unseen {
          record.append(number: numbers[value])
        } else {
          var token: [UInt8] = []
          token.append(scalar)
          let number = record.append(token)
          if value < numbers.count { numbers[value] = number }
        }
        if scalar == "\n" { record.endSentence() }
      }
    }
  }

  /// Puts the numbers of ASCII characters that have come before into `run`, up to the end of a line: most of most texts.
  ///
  /// - Returns: how many there are.
  private mutating func readKnown(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
    run.withUnsafeMutableBufferPointer { run in
      numbers.withUnsafeBufferPointer { numbers in
        let bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(run.count))
        for (index, byte) in bytes.enumerated() {
          let number = numbers[Int(byte)]
          if byte >= 0x80 || byte == UInt8(ascii: "\n") || number == Self.unseen { return index }
          run[index] = number
        }
        return bytes.count
      }
    }
  }

  func finish(into record: inout CorpusRecord) {}
}

/// What stands between white space is a token; a line is a sentence.
///
/// White space is what has Unicode's property of that name. `<unk>` and `</s>` in the text are the special tokens.
/// Memory: the longest token.
struct WhitespaceTokenizer: Tokenizer {
  private var token: [UInt8] = []

  mutating func consume(_ text: UTF8Span, into record: inout CorpusRecord) {
    text.span.withUnsafeBytes { bytes in
      var position = 0
      // Where the token begins that is under way in these bytes.
      var start = 0
      while position < bytes.count {
        let byte = bytes[position]
        if byte > 0x20, byte < 0x80 {
          position += 1
          record.characters += 1
          continue
        }
        let scalar = bytes.scalar(at: position)
        let end = position + UTF8.width(scalar)
        record.characters += 1
        if Self.isWhitespace(scalar) {
          if token.isEmpty {
            if start < position { record.append(UnsafeRawBufferPointer(rebasing: bytes[start..<position])) }
          } else {
            token += bytes[start..<position]
            finish(into: &record)
          }
          start = end
          if scalar == "\n" { record.endSentence() }
        }
        position = end
      }
      token += bytes[start...]
    }
  }

  mutating func finish(into record: inout CorpusRecord) {
    if token.isEmpty { return }
    record.append(token)
    token.removeAll(keepingCapacity: true)
  }

  /// Unicode's property, asked for only where a comparison doesn't tell.
  static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case " ", "\t"..."\r": true
    case "\0"..."\u{84}": false
    default: scalar.properties.isWhitespace
    }
  }
}
