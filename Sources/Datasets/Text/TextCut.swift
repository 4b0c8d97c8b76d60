/// Where a text may be cut so that the tokens of both parts are those of the whole, and neither depends on the other.
enum TextCut: Sendable {
  /// Between any two scalars.
  case scalars
  /// Behind white space of ASCII.
  case whiteSpace
  /// Behind a newline, which no grapheme cluster goes on across, and between two characters of ASCII, which are never one but for
  /// CR LF, and that has become a newline.
  case graphemes
  /// Before a space, or if `lines` before a newline, that follows something else, and not within an added token.
  case subwords(lines: Bool, added: [[UInt8]], keepsState: Bool)

  /// The last place within valid UTF-8, which may end within a scalar; nil if there is none. O(bytes behind it).
  func last(in text: UnsafeBufferPointer<UInt8>) -> Int? {
    switch self {
    case .scalars: text.span.endOfWholeScalars == 0 ? nil : text.span.endOfWholeScalars
    case .whiteSpace: text.lastIndex { $0 == 0x20 || (0x09...0x0D).contains($0) }.map { $0 + 1 }
    case .graphemes:
      text.indices.dropFirst().last { text[$0 - 1] == 0x0A || text[$0] < 0x80 && text[$0 - 1] < 0x80 }
    case .subwords(let lines, let added, let keepsState):
      text.indices.dropFirst().last { position in
        (text[position] == 0x20 || lines && text[position] == 0x0A)
          && UnsafeBufferPointer(rebasing: text[..<position]).endsInWord
          && !added.contains { Self.touches($0, position, of: text, behindToo: keepsState) }
      }
    }
  }

  /// Whether a token may go on across a position, or, if that matters, end there.
  private static func touches(
    _ token: [UInt8], _ position: Int, of text: UnsafeBufferPointer<UInt8>, behindToo: Bool
  ) -> Bool {
    let most = min(position, behindToo ? token.count : token.count - 1)
    return most > 0
      && (1...most).contains { before in
        zip(token, text[(position - before)...]).allSatisfy { $0 == $1 }
      }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether the last scalar of valid UTF-8 is no white space.
  var endsInWord: Bool {
    var start = count - 1
    while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
    return start >= 0 && !ScalarTraits.next(self, start).0.contains(.space)
  }
}

extension Tokenization {
  /// Where text may be cut.
  var cut: TextCut {
    switch self {
    case .word, .whitespace: .whiteSpace
    case .character: .scalars
    case .grapheme: .graphemes
    case .bpe(let tokenizer):
      .subwords(lines: tokenizer.cutsLines, added: tokenizer.added.map(\.content), keepsState: tokenizer.addsSpace)
    }
  }
}
