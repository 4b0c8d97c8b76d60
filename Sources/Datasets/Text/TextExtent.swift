import Foundation

/// How long a text is, in units that don't depend on what its tokens are. It is that which is read: without a byte order mark, and with
/// one newline for CR LF.
package struct TextExtent: Sendable, Equatable {
  /// Unicode scalars, white space and line ends among them.
  package var characters = 0
  /// Runs of what isn't white space.
  package var words = 0
  /// Of its UTF-8.
  package var bytes = 0

  package init(characters: Int = 0, words: Int = 0, bytes: Int = 0) {
    (self.characters, self.words, self.bytes) = (characters, words, bytes)
  }

  /// Of a line, whose end counts.
  ///
  /// - Parameter line: valid UTF-8 without a newline.
  init(ofLine line: [UInt8]) {
    var meter = TextMeter()
    meter.add(UTF8Span(unchecked: line.span))
    self = meter.extent + TextExtent(characters: 1, bytes: 1)
  }

  /// A share of it, rounded.
  package func scaled(by share: Double) -> TextExtent {
    func part(_ count: Int) -> Int { Int((share * Double(count)).rounded()) }
    return TextExtent(characters: part(characters), words: part(words), bytes: part(bytes))
  }

  package static func + (a: Self, b: Self) -> Self {
    Self(characters: a.characters + b.characters, words: a.words + b.words, bytes: a.bytes + b.bytes)
  }

  package static func - (a: Self, b: Self) -> Self {
    Self(characters: a.characters - b.characters, words: a.words - b.words, bytes: a.bytes - b.bytes)
  }
}

/// What a loss comes to per word and per byte of a text, whatever the tokens were that it is of.
package struct TextLoss: Sendable, Equatable {
  /// Of all tokens, line ends included.
  package let nats: Double
  package let extent: TextExtent

  package init(nats: Double, of extent: TextExtent) { (self.nats, self.extent) = (nats, extent) }

  // Each is no number where nobody knows how long the text is.
  package var perplexityPerWord: Double { exp(per(extent.words)) }
  package var perplexityPerByte: Double { exp(per(extent.bytes)) }
  package var bitsPerByte: Double { per(extent.bytes) / log(2) }
  package var bitsPerCharacter: Double { per(extent.characters) / log(2) }

  private func per(_ count: Int) -> Double { count > 0 ? nats / Double(count) : .nan }
}

/// Measures a text that comes in pieces, line by line.
struct TextMeter: Sendable {
  private(set) var extent = TextExtent()
  /// How long the text is up to the ends of its lines.
  private(set) var lineEnds: [TextExtent] = []
  private var isInWord: Bool

  /// - Parameter isInWord: whether what stands before the text is no white space.
  init(isInWord: Bool = false) { self.isInWord = isInWord }

  /// O(bytes).
  mutating func add(_ text: UTF8Span) {
    text.span.withUnsafeBufferPointer { text in
      // In registers: this is the time that it takes to look at each byte.
      var (words, isInWord, position) = (0, isInWord, 0)
      /// Bytes of characters behind their first.
      var others = 0
      let start = self.extent
      func measured(to end: Int, words: Int) -> TextExtent {
        start + TextExtent(characters: end - others, words: words, bytes: end)
      }
      while position < text.count {
        if let eight = ASCIIBytes(UnsafeRawBufferPointer(text), at: position) {
          let spaces = eight.spaces
          let starts = ASCIIBytes.wordStarts(spaces, isInWord: isInWord)
          var newlines = eight.places(of: 0x0A)
          while newlines != 0 {
            let length = newlines.trailingZeroBitCount / 8 + 1
            let before = ASCIIBytes.count(starts & ((1 << UInt64(8 * length)) &- 1))
            lineEnds.append(measured(to: position + length, words: words + before))
            newlines &= newlines - 1
          }
          words += ASCIIBytes.count(starts)
          isInWord = spaces >> 63 == 0
          position += 8
          continue
        }
        let byte = text[position]
        var (isSpace, length) = (byte == 0x20 || (0x09...0x0D).contains(byte), 1)
        if byte >= 0x80 {
          let (traits, count) = ScalarTraits.next(text, position)
          (isSpace, length) = (traits.contains(.space), count)
        }
        if !isSpace, !isInWord { words += 1 }
        isInWord = !isSpace
        position += length
        others += length - 1
        if byte == 0x0A { lineEnds.append(measured(to: position, words: words)) }
      }
      self.extent = measured(to: position, words: words)
      self.isInWord = isInWord
    }
  }

  /// A word of a file that says itself where words are: what separates it from others is no text.
  mutating func addWord(_ word: ArraySlice<UInt8>) {
    let characters = word.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
    extent = extent + TextExtent(characters: characters, words: 1, bytes: word.count)
  }

  /// Ends a line that has no newline, as at a file's end, and the word that it ends in.
  mutating func endLine() {
    lineEnds.append(extent)
    isInWord = false
  }
}
