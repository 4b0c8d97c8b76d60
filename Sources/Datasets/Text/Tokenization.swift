/// What tokens can be.
package enum TokenKind: String, CaseIterable, Sendable {
  /// Unicode words and punctuation marks.
  case word
  /// Unicode scalars, the newline one of them.
  case character
  /// Extended grapheme clusters, the newline one of them.
  case grapheme
  /// What stands between white space.
  case whitespace
  /// Subwords, by byte pair encoding.
  case bpe

  /// Whether a text is its tokens in a row, white space among them.
  package var isSeamless: Bool {
    switch self {
    case .character, .grapheme, .bpe: true
    case .word, .whitespace: false
    }
  }
}

/// How text becomes tokens.
package enum Tokenization: Sendable, Equatable {
  case word, character, grapheme, whitespace
  case bpe(BytePairTokenizer)

  package var kind: TokenKind {
    switch self {
    case .word: .word
    case .character: .character
    case .grapheme: .grapheme
    case .whitespace: .whitespace
    case .bpe: .bpe
    }
  }

  /// - Parameter tokenizer: of subwords.
  /// - Returns: nil for subwords without a tokenizer.
  package init?(_ kind: TokenKind, tokenizer: BytePairTokenizer? = nil) {
    switch kind {
    case .word: self = .word
    case .character: self = .character
    case .grapheme: self = .grapheme
    case .whitespace: self = .whitespace
    case .bpe:
      guard let tokenizer else { return nil }
      self = .bpe(tokenizer)
    }
  }

  /// Those without anything to learn.
  package static let plain = TokenKind.allCases.compactMap { Tokenization($0) }

  /// What makes subwords; nil for other tokens.
  package var subwords: BytePairTokenizer? { if case .bpe(let tokenizer) = self { tokenizer } else { nil } }
}
