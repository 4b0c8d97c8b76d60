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
      var (extent, isInWord) = (extent, isInWord)
      var position = 0
      while position < text.count {
        if let eight = ASCIIBytes(text, at: position) {
          let starts = eight.wordStarts(isInWord: isInWord)
          var newlines = eight.places(of: 0x0A)
          while newlines != 0 {
            let length = newlines.trailingZeroBitCount / 8 + 1
            let words = (starts & ((1 << UInt64(8 * length)) &- 1)).nonzeroBitCount
            lineEnds.append(extent + TextExtent(characters: length, words: words, bytes: length))
            newlines &= newlines - 1
          }
          extent = extent + TextExtent(characters: 8, words: starts.nonzeroBitCount, bytes: 8)
          isInWord = !eight.endsInSpace
          position += 8
          continue
        }
        let byte = text[position]
        var (isSpace, length) = (byte == 0x20 || (0x09...0x0D).contains(byte), 1)
        if byte >= 0x80 {
          let (traits, count) = ScalarTraits.next(text, position)
          (isSpace, length) = (traits.contains(.space), count)
        }
        extent.characters += 1
        extent.bytes += length
        if !isSpace, !isInWord { extent.words += 1 }
        isInWord = !isSpace
        if byte == 0x0A { lineEnds.append(extent) }
        position += length
      }
      (self.extent, self.isInWord) = (extent, isInWord)
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

/// Eight bytes of ASCII, looked at all at once. Answers have the highest bit of each byte set for which they are yes; the first
/// byte is the lowest.
private struct ASCIIBytes {
  private let bytes: UInt64
  /// White space: 9 to 13 and 32.
  private let spaces: UInt64

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highest: UInt64 = 0x80 * ones

  /// - Returns: nil if there are fewer, or others among them.
  init?(_ text: UnsafeBufferPointer<UInt8>, at position: Int) {
    guard position + 8 <= text.count else { return nil }
    bytes = UInt64(littleEndian: UnsafeRawBufferPointer(text).loadUnaligned(fromByteOffset: position, as: UInt64.self))
    guard bytes & Self.highest == 0 else { return nil }
    // What is added carries into the highest bit from some value on, and never into the next byte.
    let controls = (bytes &+ Self.ones &* (0x80 - 9)) & ~(bytes &+ Self.ones &* (0x80 - 14))
    spaces = (controls | Self.places(of: 0x20, in: bytes)) & Self.highest
  }

  private static func places(of byte: UInt64, in bytes: UInt64) -> UInt64 {
    ~((bytes ^ (ones &* byte)) &+ (ones &* 0x7F)) & highest
  }

  /// Where a byte of ASCII is.
  func places(of byte: UInt64) -> UInt64 { Self.places(of: byte, in: bytes) }

  /// Where a word begins.
  ///
  /// - Parameter isInWord: whether what stands before is no white space.
  func wordStarts(isInWord: Bool) -> UInt64 {
    let inWords = ~spaces & Self.highest
    return inWords & ~(inWords << 8 | (isInWord ? 0x80 : 0))
  }

  var endsInSpace: Bool { spaces >> 63 == 1 }
}
