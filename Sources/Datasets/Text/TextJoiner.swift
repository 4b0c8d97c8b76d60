/// Makes readable text of tokens again, one by one, as a model generates them.
///
/// What white space stood between words is not in the tokens; the joiner puts it where writing systems commonly have it.
package struct TextJoiner: Sendable {
  private let tokenization: Tokenization
  /// The last scalar written on this line, and nil at its beginning.
  private var last: Unicode.Scalar?
  /// Whether nothing may come between what is written and the next token.
  private var isOpen = false
  private var isInQuotation = false
  /// The beginning of a character whose rest the next token has.
  private var incomplete: [UInt8] = []

  package init(_ tokenization: Tokenization) {
    self.tokenization = tokenization
  }

  /// The text of a token, with the space that belongs before it; `</s>` is a newline.
  package mutating func append(_ token: String) -> String {
    if let tokenizer = tokenization.subwords { return append(token, of: tokenizer) }
    if tokenization.kind.isSeamless { return token }
    if token == Vocabulary.endOfLineToken {
      self = TextJoiner(tokenization)
      return "\n"
    }
    guard let first = token.unicodeScalars.first else { return "" }

    let joins = Joining(token, first: first, isInQuotation: isInQuotation)
    let isSpaced =
      switch (tokenization, last) {
      case (_, nil): false
      case (.whitespace, _): true
      case (_, let last?): !isOpen && !joins.left && !(Self.isUnspaced(last) && Self.isUnspaced(first))
      }
    if token == "\"" { isInQuotation.toggle() }
    isOpen = joins.right
    last = token.unicodeScalars.last
    return isSpaced ? " " + token : token
  }

  /// A subword's text, up to the end of its last whole character.
  private mutating func append(_ token: String, of tokenizer: BytePairTokenizer) -> String {
    var bytes = incomplete + tokenizer.bytes(of: token)
    let isFirst = last == nil
    if isFirst, tokenizer.addsSpace, bytes.first == 0x20 { bytes.removeFirst() }
    if !isFirst, tokenizer.dropsSpaces { bytes.insert(0x20, at: 0) }
    let end = bytes.span.endOfWholeScalars
    incomplete = Array(bytes[end...])
    let text = String(decoding: bytes[..<end], as: UTF8.self)
    last = text.unicodeScalars.last ?? last
    return text
  }

  /// Whether a scalar is of a script that is written without spaces between words.
  private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isIdeographic || ("\u{3041}"..."\u{30FF}").contains(scalar)
  }

  /// To which sides a token of one mark attaches without a space.
  private struct Joining {
    var left = false
    var right = false

    init(_ token: String, first: Unicode.Scalar, isInQuotation: Bool) {
      guard token.unicodeScalars.count == 1 else { return }
      switch first {
      case "\"":
        left = isInQuotation
        right = !isInQuotation
      case "-", "\u{2010}", "\u{2011}", "/":
        left = true
        right = true
      case "$", "£", "¿", "¡":
        right = true
      case ".", ",", ";", ":", "!", "?", "…", "%", "'", "\u{60C}", "\u{61B}", "\u{61F}", "\u{964}":
        left = true
      case "\u{3001}", "\u{3002}", "\u{FF0C}", "\u{FF01}", "\u{FF1A}", "\u{FF1B}", "\u{FF1F}":
        left = true
        right = true
      default:
        switch first.properties.generalCategory {
        case .openPunctuation, .initialPunctuation: right = true
        case .closePunctuation, .finalPunctuation: left = true
        default: break
        }
      }
    }
  }
}

extension Tokenization {
  /// A token as people read it: a subword as its text, or, where that is no whole character, as its bytes: `\xE2`.
  package func text(of token: String) -> String {
    guard let tokenizer = subwords else { return token }
    let bytes = tokenizer.bytes(of: token)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return bytes.map { byte in
      byte < 0x80 ? String(Unicode.Scalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}
