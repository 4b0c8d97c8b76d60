/// A message of Protocol Buffers, written field by field: only what event files and exported models need of the format.
///
/// A field is a key, `number << 3 | wire type`, and its value; whole numbers and keys are varints, seven bits a byte, the low
/// ones first.
package struct ProtobufMessage {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// How a field's value stands behind its key.
  private enum WireType: UInt64 {
    case varint, fixed64, delimited
    case fixed32 = 5
  }

  package mutating func add(_ field: Int, whole value: Int) {
    addKey(field, .varint)
    // Negative ones are those of 64 bits.
    addVarint(UInt64(bitPattern: Int64(value)))
  }

  package mutating func add(_ field: Int, _ value: Double) {
    addKey(field, .fixed64)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  package mutating func add(_ field: Int, _ value: Float) {
    addKey(field, .fixed32)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  package mutating func add(_ field: Int, _ text: String) { add(field, delimited: Array(text.utf8)) }

  package mutating func add(_ field: Int, _ fill: (inout ProtobufMessage) -> Void) {
    var message = ProtobufMessage()
    fill(&message)
    add(field, delimited: message.bytes)
  }

  /// Bytes, or a message that is written already.
  package mutating func add(_ field: Int, delimited value: [UInt8]) {
    addHead(field, byteCount: value.count)
    bytes += value
  }

  /// What stands before bytes, or a message, that whoever writes the file puts behind it.
  package mutating func addHead(_ field: Int, byteCount: Int) {
    addKey(field, .delimited)
    addVarint(UInt64(byteCount))
  }

  private mutating func addKey(_ field: Int, _ type: WireType) { addVarint(UInt64(field) << 3 | type.rawValue) }

  private mutating func addVarint(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A whole number among the fields of a message; nil where the message hasn't got it, or is none.
  package static func whole(_ wanted: Int, of message: ArraySlice<UInt8>) -> Int? {
    var rest = message
    while !rest.isEmpty {
      guard let key = takeVarint(from: &rest), let type = WireType(rawValue: key & 7) else { return nil }
      let size: UInt64
      switch type {
      case .varint:
        guard let value = takeVarint(from: &rest) else { return nil }
        if key >> 3 == UInt64(wanted) { return Int(Int64(bitPattern: value)) }
        size = 0
      case .fixed64: size = 8
      case .fixed32: size = 4
      case .delimited:
        guard let length = takeVarint(from: &rest) else { return nil }
        size = length
      }
      guard size <= UInt64(rest.count) else { return nil }
      rest = rest.dropFirst(Int(size))
    }
    return nil
  }

  private static func takeVarint(from bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }
}
