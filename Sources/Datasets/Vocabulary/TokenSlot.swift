import Glibc

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

    static let batchSize = 64

    /// The token's number if this is the token; a long one is to be compared elsewhere.
    var number: Int32? {
      let isToken = !found.isFree && found.length == sought.length && found.beginning == sought.beginning
      return isToken && sought.length <= 8 ? found.number : nil
    }
  }

  /// Asks for pages of 2 MiB, of which the processor remembers where they are: of as many of 4 KiB as a large table has it
  /// doesn't. Where there are none nothing changes.
  static func preferLargePages(for memory: UnsafeMutableRawBufferPointer) {
    let page = 2 << 20
    guard let start = memory.baseAddress?.alignedUp(toMultipleOf: page),
      let end = memory.baseAddress.map({ $0 + memory.count }),
      end - start >= page
    else { return }
    madvise(start, (end - start) / page * page, MADV_HUGEPAGE)
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
