/// Bytes as scalars that can be printed, as byte-level BPE writes its tokens since GPT-2: those of Latin-1 that can be printed
/// stand for themselves, the others are U+0100 and on in their order. A space is `Ġ`, a newline `Ċ`.
enum ByteAlphabet {
  /// [256]
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt8(0)...UInt8.max).map { byte in
      if isPrinted(byte) { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
    }
  }()

  private static func isPrinted(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: true
    default: false
    }
  }

  /// By the scalar's value, the byte that it stands for.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x200)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
    return bytes
  }()

  /// The bytes in the order of their scalars, which is that of their ids where a vocabulary is made.
  static let byScalar: [UInt8] = (UInt8(0)...UInt8.max).sorted { scalars[Int($0)] < scalars[Int($1)] }

  static func text(of bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(scalars[Int(byte)]) }
    return String(text)
  }

  /// The bytes that a token stands for; a scalar that stands for none is its own UTF-8, as that of an added token.
  static func bytes(of token: String) -> [UInt8] {
    var result: [UInt8] = []
    for scalar in token.unicodeScalars {
      if scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] {
        result.append(byte)
      } else {
        result.append(scalar)
      }
    }
    return result
  }
}
