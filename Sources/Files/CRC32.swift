/// Cyclic redundancy checks of 32 bits, reflected, by a table of bytes.
package struct CRC32: Sendable {
  private let table: [UInt32]

  /// Castagnoli's polynomial, as event files have it.
  package static let castagnoli = CRC32(reflectedPolynomial: 0x82F6_3B78)
  /// The polynomial of zip archives.
  package static let zip = CRC32(reflectedPolynomial: 0xEDB8_8320)

  private init(reflectedPolynomial polynomial: UInt32) {
    table = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? polynomial : 0) }
    }
  }

  /// - Parameter before: the checksum of the bytes that come before these.
  package func checksum(_ bytes: some Sequence<UInt8>, before: UInt32 = 0) -> UInt32 {
    ~bytes.reduce(~before) { crc, byte in crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
  }
}
