/// Eight bytes of ASCII, looked at all at once. Answers have the highest bit of each byte set for which they are yes; the first
/// byte is the lowest.
struct ASCIIBytes {
  private let bytes: UInt64

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highest: UInt64 = 0x80 * ones

  /// - Returns: nil if there are fewer, or others among them.
  @inline(__always)
  init?(_ text: UnsafeRawBufferPointer, at position: Int) {
    guard position + 8 <= text.count else { return nil }
    bytes = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    guard bytes & Self.highest == 0 else { return nil }
  }

  /// Each as a number.
  @inline(__always)
  var values: SIMD8<Int32> {
    SIMD8(truncatingIfNeeded: unsafeBitCast(bytes.littleEndian, to: SIMD8<UInt8>.self))
  }

  /// Where a byte of ASCII is.
  @inline(__always)
  func places(of byte: UInt64) -> UInt64 {
    ~((bytes ^ (Self.ones &* byte)) &+ (Self.ones &* 0x7F)) & Self.highest
  }

  /// Where white space is: 9 to 13 and 32.
  @inline(__always)
  var spaces: UInt64 {
    // What is added carries into the highest bit from some value on, and never into the next byte.
    let controls = (bytes &+ Self.ones &* (0x80 - 9)) & ~(bytes &+ Self.ones &* (0x80 - 14))
    return controls & Self.highest | places(of: 0x20)
  }

  /// Where a word begins.
  ///
  /// - Parameters:
  ///   - spaces: where white space is.
  ///   - isInWord: whether what stands before is no white space.
  @inline(__always)
  static func wordStarts(_ spaces: UInt64, isInWord: Bool) -> UInt64 {
    let inWords = ~spaces & highest
    return inWords & ~(inWords << 8 | (isInWord ? 0x80 : 0))
  }

  /// How many of the bytes have an answer of yes: they are added up in the highest one.
  @inline(__always)
  static func count(_ answers: UInt64) -> Int { Int((answers >> 7 &* ones) >> 56) }
}
