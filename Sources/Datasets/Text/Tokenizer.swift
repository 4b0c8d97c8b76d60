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

  mutating func consume(_ text: UTF8Span, into record: inout CorpusRecord) {
    var scalars = text.makeUnicodeScalarIterator()
    while let scalar = scalars.next() {
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

  func finish(into record: inout CorpusRecord) {}
}

/// What stands between white space is a token; a line is a sentence.
///
/// White space is what has Unicode's property of that name. `<unk>` and `</s>` in the text are the special tokens.
/// Memory: the longest token.
struct WhitespaceTokenizer: Tokenizer {
  private var token: [UInt8] = []

  mutating func consume(_ text: UTF8Span, into record: inout CorpusRecord) {
    var scalars = text.makeUnicodeScalarIterator()
    while let scalar = scalars.next() {
      record.characters += 1
      if !Self.isWhitespace(scalar) {
        token.append(scalar)
        continue
      }
      finish(into: &record)
      if scalar == "\n" { record.endSentence() }
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
