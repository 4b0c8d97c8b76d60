/// Bytes that a whole number takes where many lie side by side.
package enum NumberWidth: Int, Sendable {
  case one = 1
  case two = 2
  case four = 4
  case eight = 8

  /// The fewest that hold numbers from 0 up to one, without a sign.
  package init(upTo most: UInt64) {
    self =
      switch most {
      case ...0xFF: .one
      case ...0xFFFF: .two
      case ...0xFFFF_FFFF: .four
      default: .eight
      }
  }
}

/// A number that ids and places are handed over as: `UInt8`, `UInt16` or `Int32`.
package protocol NumberOfColumn: FixedWidthInteger, BitwiseCopyable, Sendable {
  /// Memory for numbers of this type.
  static func memory(_ numbers: UnsafeMutableBufferPointer<Self>) -> NumberMemory
}

/// Memory for numbers that all fit its type. Whoever hands it over lets nobody else have it meanwhile.
package enum NumberMemory {
  case bytes(UnsafeMutableBufferPointer<UInt8>)
  case shorts(UnsafeMutableBufferPointer<UInt16>)
  case words(UnsafeMutableBufferPointer<Int32>)
}

extension UInt8: NumberOfColumn {
  package static func memory(_ numbers: UnsafeMutableBufferPointer<UInt8>) -> NumberMemory { .bytes(numbers) }
}

extension UInt16: NumberOfColumn {
  package static func memory(_ numbers: UnsafeMutableBufferPointer<UInt16>) -> NumberMemory { .shorts(numbers) }
}

extension Int32: NumberOfColumn {
  package static func memory(_ numbers: UnsafeMutableBufferPointer<Int32>) -> NumberMemory { .words(numbers) }
}
