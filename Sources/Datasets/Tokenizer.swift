/// Cuts text into tokens, piece by piece: a token or a line may begin in one piece and end in a later one.
protocol Tokenizer {
  init()
  mutating func consume(_ text: UTF8Span, into record: inout CorpusRecord)
  /// Records the token that the text ended in.
  mutating func finish(into record: inout CorpusRecord)
}

/// Every Unicode scalar is a token, the newline one of them; it ends a sentence.
struct CharacterTokenizer: Tokenizer {
  func consume(_ text: UTF8Span, into record: inout CorpusRecord) {
    var scalars = text.makeUnicodeScalarIterator()
    var scratch: [UInt8] = []
    while let scalar = scalars.next() {
      record.characters += 1
      scratch.replaceSubrange(0..., with: UTF8.encode(scalar) ?? .init())
      record.append(scratch)
      if scalar == "\n" { record.endSentence() }
    }
  }

  func finish(into record: inout CorpusRecord) {}
}

/// What stands between white space is a token; a line is a sentence.
///
/// White space is what has Unicode's property of that name. Memory: the longest token.
struct WhitespaceTokenizer: Tokenizer {
  private var token: [UInt8] = []

  mutating func consume(_ text: UTF8Span, into record: inout CorpusRecord) {
    var scalars = text.makeUnicodeScalarIterator()
    while let scalar = scalars.next() {
      record.characters += 1
      if !scalar.properties.isWhitespace {
        UTF8.encode(scalar).map { token.append(contentsOf: $0) }
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
}
