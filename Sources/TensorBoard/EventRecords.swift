import Files

/// The frame that event files have around each message (TensorFlow's TFRecord):
///
///     uint64 length, uint32 masked CRC32C of the length, the message, uint32 masked CRC32C of the message
///
/// in little-endian order.
enum EventRecords {
  private static let headBytes = 12
  private static let tailBytes = 4

  static func record(_ message: [UInt8]) -> [UInt8] {
    let length = bytes(UInt64(message.count))
    return length + bytes(CRC32.masked(length[...])) + message + bytes(CRC32.masked(message[...]))
  }

  /// The messages of a file up to the first record that isn't whole, each with the place where its record ends.
  static func messages(in file: [UInt8]) -> [(message: ArraySlice<UInt8>, end: Int)] {
    var messages: [(ArraySlice<UInt8>, Int)] = []
    var start = 0
    while file.count - start >= headBytes + tailBytes {
      let length = file[start..<start + 8]
      let room = file.count - start - headBytes - tailBytes
      guard number(file[start + 8..<start + headBytes]) == UInt64(CRC32.masked(length)), number(length) <= room
      else { break }
      let begin = start + headBytes
      let message = file[begin..<begin + Int(number(length))]
      let end = message.endIndex + tailBytes
      guard number(file[message.endIndex..<end]) == UInt64(CRC32.masked(message)) else { break }
      messages.append((message, end))
      start = end
    }
    return messages
  }

  private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension CRC32 {
  /// Castagnoli's as event files have it: rotated, with a constant added, so that a checksum of checksums stays one.
  fileprivate static func masked(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    let crc = castagnoli.checksum(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}
