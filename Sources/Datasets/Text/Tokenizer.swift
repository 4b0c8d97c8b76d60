/// Makes text tokens, stretch by stretch. What it remembers of a stretch makes the next one faster, and doesn't show in its tokens.
protocol Tokenizer {
  /// Appends the tokens of a stretch that no token and no context crosses the ends of; see `TextCut`.
  ///
  /// - Parameters:
  ///   - isStart: whether nothing stands before it.
  ///   - run: as it was left after the last stretch, or one whose tokens have the same places.
  mutating func tokenize(_ text: UTF8Span, isStart: Bool, into run: inout TokenRun)
}

extension Tokenization {
  /// A new tokenizer.
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
    @inline(__always) func next(_ offset: Int) -> UInt32 { UInt32(self[position + offset]) & 0x3F }
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
  /// The place that the run has for U+0000; those of all of ASCII follow in order, whether they come or not.
  private var firstOfASCII: Int32?
  /// Its places for the other scalars of the Basic Multilingual Plane: hashing each would take most of the time.
  private var places = [Int32](repeating: Self.unseen, count: 0x10000)
  /// Those of some characters that come one after the other, and how many of them there are up to the end of each line.
  private var known = [Int32](repeating: Self.unseen, count: 1 << 12)
  private var ends = [Int](repeating: 0, count: 1 << 12)

  mutating func tokenize(_ text: UTF8Span, isStart: Bool, into run: inout TokenRun) {
    let firstOfASCII = firstOfASCII ?? run.insertASCII()
    self.firstOfASCII = firstOfASCII
    text.span.withUnsafeBytes { bytes in
      var position = 0
      while position < bytes.count {
        readKnown(bytes, &position, firstOfASCII, into: &run)
        guard position < bytes.count else { break }
        // A full list, or one that is new or none of the Basic Multilingual Plane.
        let scalar = bytes.scalar(at: position)
        if scalar.isASCII { continue }
        position += UTF8.width(scalar)
        run.characters += 1
        var token: [UInt8] = []
        token.append(scalar)
        let place = run.append(token)
        if Int(scalar.value) < places.count { places[Int(scalar.value)] = place }
      }
    }
  }

  /// Appends characters of up to three bytes that have come before: nearly all of most texts.
  private mutating func readKnown(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ firstOfASCII: Int32, into run: inout TokenRun
  ) {
    let newline: UInt8 = 0x0A
    let (count, endCount) = known.withUnsafeMutableBytes { known in
      ends.withUnsafeMutableBufferPointer { ends in
        places.withUnsafeBufferPointer { places in
          let capacity = known.count / MemoryLayout<Int32>.stride
          var (count, endCount) = (0, 0)
          func append<Value: BitwiseCopyable>(_ value: Value) {
            known.storeBytes(of: value, toByteOffset: count * MemoryLayout<Int32>.stride, as: Value.self)
          }
          while position < bytes.count, count < capacity {
            if count + 8 <= capacity, let eight = ASCIIBytes(bytes, at: position) {
              append(eight.values &+ firstOfASCII)
              var newlines = eight.places(of: UInt64(newline))
              while newlines != 0 {
                ends[endCount] = count + newlines.trailingZeroBitCount / 8 + 1
                endCount += 1
                newlines &= newlines - 1
              }
              count += 8
              position += 8
              continue
            }
            let first = bytes[position]
            if first >= 0xF0 { break }
            if first < 0x80 {
              append(firstOfASCII + Int32(first))
              position += 1
            } else {
              let place = places[Int(bytes.scalar(at: position).value)]
              if place == Self.unseen { break }
              append(place)
              position += first < 0xE0 ? 2 : 3
            }
            count += 1
            if first == newline {
              ends[endCount] = count
              endCount += 1
            }
          }
          return (count, endCount)
        }
      }
    }
    known.withUnsafeBufferPointer { known in
      ends.withUnsafeBufferPointer { ends in
        run.append(
          characters: UnsafeBufferPointer(rebasing: known[..<count]),
          ends: UnsafeBufferPointer(rebasing: ends[..<endCount]))
      }
    }
  }
}

/// What stands between white space is a token; a line is a sentence.
///
/// White space is what has Unicode's property of that name. `<unk>` and `</s>` in the text are the special tokens.
struct WhitespaceTokenizer: Tokenizer {
  func tokenize(_ text: UTF8Span, isStart: Bool, into run: inout TokenRun) {
    text.span.withUnsafeBytes { bytes in
      var position = 0
      // Where the token begins that is under way, and where those of the line before it are.
      var start = 0
      var tokens: [Range<Int>] = []
      func takeSpace(_ space: Range<Int>) {
        if start < space.lowerBound { tokens.append(start..<space.lowerBound) }
        start = space.upperBound
        if bytes[space.lowerBound] == 0x0A {
          run.append(&tokens, of: bytes)
          run.endSentence()
        }
      }
      while position < bytes.count {
        if let eight = ASCIIBytes(bytes, at: position) {
          var spaces = eight.spaces
          let characters = run.characters
          while spaces != 0 {
            let place = spaces.trailingZeroBitCount / 8
            run.characters = characters + place + 1
            takeSpace(position + place..<position + place + 1)
            spaces &= spaces - 1
          }
          run.characters = characters + 8
          position += 8
          continue
        }
        let scalar = bytes.scalar(at: position)
        let end = position + UTF8.width(scalar)
        run.characters += 1
        if Self.isWhitespace(scalar) { takeSpace(position..<end) }
        position = end
      }
      if start < position { tokens.append(start..<position) }
      run.append(&tokens, of: bytes)
    }
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
