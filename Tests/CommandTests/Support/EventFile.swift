import Foundation
import Testing

/// Reads an event file as its format says, without a line of what writes it: frames, checksums bit by bit, and the fields of
/// the messages by their numbers.
struct EventFile {
  struct Value: Equatable {
    let step: Int
    let tag: String
    /// A number's bits, or a text.
    let content: String
  }

  private(set) var times: [Double] = []
  private(set) var version: String?
  private(set) var values: [Value] = []

  init(_ data: Data) throws {
    var bytes = Array(data)[...]
    func take(_ count: Int) throws -> ArraySlice<UInt8> {
      try #require(bytes.count >= count, "the file ends within a record")
      defer { bytes = bytes.dropFirst(count) }
      return bytes.prefix(count)
    }
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 * 256 + UInt64($1) } }
    while !bytes.isEmpty {
      let length = try take(8)
      try #require(number(take(4)) == UInt64(Self.maskedChecksum(length)), "checksum of a length")
      let message = try take(Int(number(length)))
      try #require(number(take(4)) == UInt64(Self.maskedChecksum(message)), "checksum of a message")
      try add(Message(message))
    }
  }

  private mutating func add(_ event: Message) throws {
    times.append(Double(bitPattern: event.numbers[1] ?? 0))
    let step = Int(event.numbers[2] ?? 0)
    if let text = event.bytes[3]?.first { version = String(decoding: text, as: UTF8.self) }
    for summary in event.bytes[5] ?? [] {
      for value in try Message(summary).bytes[1] ?? [] {
        let value = try Message(value)
        let tag = String(decoding: value.bytes[1]?.first ?? [], as: UTF8.self)
        if let tensor = try value.bytes[8]?.first.map(Message.init) {
          let text = String(decoding: tensor.bytes[8]?.first ?? [], as: UTF8.self)
          #expect(tensor.numbers[1] == 7, "the type of strings")
          let plugin = try Message(Message(value.bytes[9]?.first ?? []).bytes[1]?.first ?? [])
          #expect(plugin.bytes[1]?.first.map { String(decoding: $0, as: UTF8.self) } == "text")
          values.append(Value(step: step, tag: tag, content: text))
        } else {
          let number = Float(bitPattern: UInt32(value.numbers[2] ?? 0))
          values.append(Value(step: step, tag: tag, content: "\(number)"))
        }
      }
    }
  }

  /// CRC-32 with Castagnoli's polynomial, bit by bit, masked.
  private static func maskedChecksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    crc ^= 0xFFFF_FFFF
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }

  /// The fields of a protocol buffer by their numbers.
  private struct Message {
    /// The last of each number.
    var numbers: [UInt64: UInt64] = [:]
    var bytes: [UInt64: [ArraySlice<UInt8>]] = [:]

    init(_ content: ArraySlice<UInt8>) throws {
      var rest = content
      func variable() throws -> UInt64 {
        var (result, shift) = (UInt64(0), UInt64(0))
        while let byte = rest.popFirst() {
          result |= UInt64(byte & 0x7F) << shift
          if byte < 128 { return result }
          shift += 7
        }
        throw EventFileError.truncated
      }
      func fixed(_ count: Int) throws -> UInt64 {
        guard rest.count >= count else { throw EventFileError.truncated }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
      while !rest.isEmpty {
        let key = try variable()
        switch key & 7 {
        case 0: numbers[key >> 3] = try variable()
        case 1: numbers[key >> 3] = try fixed(8)
        case 5: numbers[key >> 3] = try fixed(4)
        case 2:
          let count = Int(try variable())
          guard rest.count >= count else { throw EventFileError.truncated }
          bytes[key >> 3, default: []].append(rest.prefix(count))
          rest = rest.dropFirst(count)
        default: throw EventFileError.unknownType
        }
      }
    }
  }
}

private enum EventFileError: Error {
  case truncated, unknownType
}
