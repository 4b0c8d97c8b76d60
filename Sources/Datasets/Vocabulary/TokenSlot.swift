/// A token's number, and so much of the token that most are found without looking anywhere else.
struct TokenSlot {
  private static let free: Int32 = -1

  var number = Self.free
  var length: UInt32 = 0
  /// The first eight bytes, with zeros behind fewer.
  var beginning: UInt64 = 0

  var isFree: Bool { number == Self.free }

  init() {}

  init(_ token: UnsafeRawBufferPointer, number: Int32) {
    self.number = number
    length = UInt32(truncatingIfNeeded: token.count)
    beginning = token.word(at: 0)
  }

  /// What is sought of a token that stands in a longer text.
  @inline(__always)
  init(_ token: Range<Int>, of text: UnsafeRawBufferPointer) {
    length = UInt32(truncatingIfNeeded: token.count)
    beginning = text.beginning(of: token)
  }

  /// What stands where a token is most likely to be.
  struct Candidate {
    let sought: TokenSlot
    let found: TokenSlot

    private static let batchSize = 64

    /// Calls back with some dozens of tokens at a time, where they begin among all, and room for what stands where they are likely
    /// to be.
    @inline(__always)
    static func withBatches<Tokens: RandomAccessCollection>(
      of tokens: Tokens,
      _ body: (_ batch: Tokens.SubSequence, _ start: Int, _ candidates: UnsafeMutableBufferPointer<Candidate>) -> Void
    ) {
      withUnsafeTemporaryAllocation(of: Candidate.self, capacity: batchSize) { candidates in
        var (rest, start) = (tokens[...], 0)
        while !rest.isEmpty {
          let batch = rest.prefix(batchSize)
          rest = rest.dropFirst(batchSize)
          body(batch, start, candidates)
          start += batch.count
        }
      }
    }

    /// The token's number if this is the token; a long one is to be compared elsewhere.
    var number: Int32? {
      let isToken = !found.isFree && found.length == sought.length && found.beginning == sought.beginning
      return isToken && sought.length <= 8 ? found.number : nil
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The first eight bytes of a token, as `word` has them, without asking how many there are where eight can be read.
  @inline(__always)
  fileprivate func beginning(of token: Range<Int>) -> UInt64 {
    guard !token.isEmpty, token.lowerBound + 8 <= count else {
      return UnsafeRawBufferPointer(rebasing: self[token]).word(at: 0)
    }
    let bytes = UInt64(littleEndian: loadUnaligned(fromByteOffset: token.lowerBound, as: UInt64.self))
    return bytes & UInt64.max &>> UInt64(64 - 8 * Swift.min(token.count, 8))
  }

  /// The eight bytes from a position on, the first one lowest, with zeros behind fewer.
  @inline(__always)
  func word(at position: Int) -> UInt64 {
    @inline(__always) func part<Part: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
      _ position: Int, as: Part.Type
    ) -> UInt64 {
      UInt64(Part(littleEndian: loadUnaligned(fromByteOffset: position, as: Part.self)))
    }
    let count = count - position
    // Of fewer, the first and the last ones, which may be the same.
    return switch count {
    case 8...: part(position, as: UInt64.self)
    case 4...: part(position, as: UInt32.self) | part(position + count - 4, as: UInt32.self) << (8 * (count - 4))
    case 2...: part(position, as: UInt16.self) | part(position + count - 2, as: UInt16.self) << (8 * (count - 2))
    case 1: UInt64(self[position])
    default: 0
    }
  }
}
