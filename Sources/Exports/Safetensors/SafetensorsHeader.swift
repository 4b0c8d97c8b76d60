import Foundation

/// The header of a safetensors file (https://github.com/huggingface/safetensors):
///
///     8 bytes   N, the header's length, little-endian
///     N bytes   a JSON object: for each tensor its dtype, its shape and where its bytes are, and under `__metadata__` texts;
///               spaces at its end
///     the rest  the tensors' bytes, little-endian, row by row, without gaps
struct SafetensorsHeader: Sendable, Equatable {
  struct Tensor: Codable, Sendable, Equatable {
    let dtype: String
    let shape: [Int]
    /// Where its bytes begin, counted from the header's end, and where they end.
    let dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  var metadata: [String: String] = [:]
  var tensors: [String: Tensor] = [:]

  /// Of the number before it.
  static let lengthBytes = 8
  /// Longest header; the same as that of Hugging Face's library.
  static let longest = 100_000_000
  static let floats = "F32"

  private static let metadataName = "__metadata__"

  /// Bytes of an element.
  private static let sizes = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2, "U32": 4,
    "I32": 4, floats: 4, "U64": 8, "I64": 8, "F64": 8,
  ]

  // MARK: writing

  /// The number and the header, so long that what follows stands at a multiple of 8 bytes.
  func bytes() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var entries = tensors.mapValues(Entry.tensor)
    entries[Self.metadataName] = .metadata(metadata)
    var json = [UInt8](try encoder.encode(entries))
    while json.count % Self.lengthBytes != 0 { json.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }

  private enum Entry: Encodable {
    case tensor(Tensor)
    case metadata([String: String])

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .tensor(let tensor): try tensor.encode(to: encoder)
      case .metadata(let texts): try texts.encode(to: encoder)
      }
    }
  }

  // MARK: reading

  init() {}

  /// The header's length by the number before it.
  ///
  /// - Parameters:
  ///   - bytes: that the file begins with.
  ///   - fileSize: of which the header must leave something, or all that is left is nothing.
  static func length(_ bytes: [UInt8], fileSize: Int) throws(Malformation) -> Int {
    guard bytes.count == lengthBytes else { throw Malformation("it is shorter than the number that it begins with") }
    let length = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(longest) else { throw Malformation("its header would have \(length) bytes") }
    guard length >= 2, Int(length) <= fileSize - lengthBytes else {
      throw Malformation("its header of \(length) bytes is cut short")
    }
    return Int(length)
  }

  /// Reads a header, and compares it with itself and with the size of what follows: every byte belongs to one tensor.
  init(_ json: [UInt8], dataSize: Int) throws(Malformation) {
    guard json.first == UInt8(ascii: "{") else { throw Malformation("its header isn't an object in JSON") }
    do {
      let entries = try JSONDecoder().decode(Entries.self, from: Data(json))
      (metadata, tensors) = (entries.metadata, entries.tensors)
    } catch {
      throw Malformation("its header isn't that of a safetensors file: \(Self.reason(error))")
    }
    var end = 0
    let inOrder = tensors.sorted { $0.value.dataOffsets.lexicographicallyPrecedes($1.value.dataOffsets) }
    for (name, tensor) in inOrder {
      try Self.check(tensor, name, from: end)
      end = tensor.dataOffsets[1]
    }
    guard end == dataSize else { throw Malformation("its tensors have \(end) bytes, and the file has \(dataSize)") }
  }

  private static func check(_ tensor: Tensor, _ name: String, from start: Int) throws(Malformation) {
    let offsets = tensor.dataOffsets
    guard offsets.count == 2, offsets[0] == start, offsets[1] >= start else {
      throw Malformation("the tensor \(name) is at \(offsets), where one from \(start) on belongs")
    }
    guard let size = sizes[tensor.dtype] else { throw Malformation("the tensor \(name) has the dtype \(tensor.dtype)") }
    var bytes = size
    for dimension in tensor.shape {
      let (product, overflows) = bytes.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflows else { throw Malformation("the tensor \(name) has the shape \(tensor.shape)") }
      bytes = product
    }
    guard bytes == offsets[1] - start else {
      throw Malformation("the tensor \(name) of shape \(tensor.shape) has \(offsets[1] - start) bytes")
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard case .some(.some(let context)) = (error as? DecodingError).map(\.context) else { return "\(error)" }
    let place = context.codingPath.map(\.stringValue).joined(separator: ".")
    return (place.isEmpty ? "" : "\(place): ") + context.debugDescription
  }

  private struct Entries: Decodable {
    var metadata: [String: String] = [:]
    var tensors: [String: Tensor] = [:]

    private struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for name in container.allKeys {
        if name.stringValue == SafetensorsHeader.metadataName {
          metadata = try container.decode([String: String].self, forKey: name)
        } else {
          tensors[name.stringValue] = try container.decode(Tensor.self, forKey: name)
        }
      }
    }
  }
}

/// What is wrong with a header.
struct Malformation: Error, Equatable {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

extension DecodingError {
  /// What all of its cases have.
  fileprivate var context: Context? {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
      .dataCorrupted(let context):
      context
    @unknown default: nil
    }
  }
}
