/// Cuts text into words and marks, in the spirit of Unicode's word boundaries (UAX #29) but simpler, and for any
/// language. A line is a sentence.
///
/// - Letters and digits in a row are one word, with the combining marks among them: "naïve", "3rd".
/// - An apostrophe between letters is part of the word ("don't", "l'eau"), and a full stop or comma between digits part
///   of the number ("3.14", "10,000"). At a word's edge both are tokens of their own.
/// - Every other mark or symbol is a token: "well-known" is "well", "-", "known", as treebanks have it.
/// - Ideographs and hiragana are a token each. Other scripts without spaces, such as Thai, want zero-width spaces
///   between words, or the tokenization `whitespace` and a text that is segmented already.
/// - Marks stay with the symbol before them, and a zero-width joiner holds an emoji sequence together.
/// - `<unk>` and `</s>` written out are one token each, so that a text with its rare words replaced, or with its line ends
///   marked, means the same here.
///
/// Memory: the longest token.
struct WordTokenizer: Tokenizer {
  private enum State {
    case between
    /// In a word; `last` is the class of its last letter or digit.
    case word(last: ScalarClass)
    /// In a word and one scalar behind it, which belongs to the word if another of the class `last` follows.
    case held(Unicode.Scalar, last: ScalarClass)
    case symbol(joined: Bool)
    /// The token is the beginning of a special token, but not all of it.
    case special
  }

  /// Tokens that are written out in marks and letters.
  private static let specialTokens = [Vocabulary.unknownToken, Vocabulary.endOfLineToken].map { Array($0.utf8) }

  private var state = State.between
  private var token: [UInt8] = []
  /// Where in the text tokens are that haven't been recorded yet.
  private var plain: [Range<Int>] = []

  mutating func tokenize(_ text: UTF8Span, isStart: Bool, into run: inout TokenRun) {
    text.span.withUnsafeBytes { bytes in
      var position = 0
      while position < bytes.count {
        position = skipPlainTokens(of: bytes, from: position, into: &run)
        guard position < bytes.count else { break }
        let scalar = bytes.scalar(at: position)
        position += UTF8.width(scalar)
        run.characters += 1
        advance(scalar, ScalarClass.of(scalar), into: &run)
      }
    }
    // A token ends with the text where it would end before a space.
    advance(" ", .space, into: &run)
  }

  /// Records the tokens that are of ASCII and of which all is known: most of a text in Latin letters. What follows a token may
  /// belong to it if it is no ASCII, or not there yet: such a token is left to `advance`, and so is what may be a special one.
  ///
  /// - Returns: where the bytes begin that are left.
  private mutating func skipPlainTokens(
    of bytes: UnsafeRawBufferPointer, from start: Int, into run: inout TokenRun
  ) -> Int {
    guard case .between = state else { return start }
    defer { run.append(&plain, of: bytes) }
    return ScalarClass.withASCII { classes in
      var position = start
      /// The class of a byte; nil if there is no ASCII there.
      func kind(_ position: Int) -> ScalarClass? {
        position < bytes.count && bytes[position] < 0x80 ? classes[Int(bytes[position])] : nil
      }
      while let first = kind(position) {
        switch first {
        case .space:
          position += 1
          run.characters += 1
        case .newline:
          position += 1
          run.characters += 1
          run.append(&plain, of: bytes)
          run.endSentence()
        case .letter, .digit:
          var (end, last) = (position + 1, first)
          scan: while true {
            switch (kind(end), last) {
            case (.letter?, _), (.digit?, _):
              last = kind(end) ?? last
              end += 1
            case (.apostrophe?, .letter), (.separatorOfDigits?, .digit):
              guard let next = kind(end + 1) else { return position }
              if next != last { break scan }
              end += 2
            case (nil, _): return position
            default: break scan
            }
          }
          plain.append(position..<end)
          run.characters += end - position
          position = end
        default:
          guard bytes[position] != UInt8(ascii: "<"), kind(position + 1) != nil else { return position }
          plain.append(position..<position + 1)
          run.characters += 1
          position += 1
        }
      }
      return position
    }
  }

  private mutating func advance(_ scalar: Unicode.Scalar, _ kind: ScalarClass, into run: inout TokenRun) {
    switch state {
    case .between:
      start(scalar, kind, into: &run)

    case .word(let last):
      switch (kind, last) {
      case (.letter, _), (.digit, _):
        token.append(scalar)
        state = .word(last: kind)
      case (.extender, _), (.zeroWidthJoiner, _):
        token.append(scalar)
      case (.apostrophe, .letter), (.separatorOfDigits, .digit):
        state = .held(scalar, last: last)
      default:
        emit(into: &run)
        start(scalar, kind, into: &run)
      }

    case .held(let held, let last):
      if kind == last {
        token.append(held)
        token.append(scalar)
        state = .word(last: kind)
      } else {
        emit(into: &run)
        token.append(held)
        state = .symbol(joined: false)
        advance(scalar, kind, into: &run)
      }

    case .symbol(let joined):
      switch kind {
      case .extender, .zeroWidthJoiner:
        token.append(scalar)
        state = .symbol(joined: kind == .zeroWidthJoiner)
      case .symbol where joined:
        token.append(scalar)
        state = .symbol(joined: false)
      default:
        emit(into: &run)
        start(scalar, kind, into: &run)
      }

    case .special:
      token.append(scalar)
      if Self.specialTokens.contains(token) {
        emit(into: &run)
        state = .between
      } else if !Self.specialTokens.contains(where: { $0.starts(with: token) }) {
        token.removeLast(UTF8.width(scalar))
        giveUpSpecial(into: &run)
        advance(scalar, kind, into: &run)
      }
    }
  }

  /// Begins a token, or what stands between tokens, with no token under way.
  private mutating func start(_ scalar: Unicode.Scalar, _ kind: ScalarClass, into run: inout TokenRun) {
    switch kind {
    case .newline:
      state = .between
      run.endSentence()
    case .space:
      state = .between
    case .letter, .digit:
      token.append(scalar)
      state = .word(last: kind)
    default:
      token.append(scalar)
      state = scalar == "<" ? .special : .symbol(joined: false)
    }
  }

  /// What looked like a special token is a mark with whatever follows it.
  private mutating func giveUpSpecial(into run: inout TokenRun) {
    let rest = token.dropFirst()
    token.removeLast(rest.count)
    state = .symbol(joined: false)
    for byte in rest {
      let scalar = Unicode.Scalar(byte)
      advance(scalar, ScalarClass.of(scalar), into: &run)
    }
  }

  private mutating func emit(into run: inout TokenRun) {
    if token.isEmpty { return }
    run.append(token)
    token.removeAll(keepingCapacity: true)
  }
}
