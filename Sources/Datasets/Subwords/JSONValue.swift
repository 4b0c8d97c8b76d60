/// A value of JSON (RFC 8259). Objects keep their entries in order, and names apart whose bytes differ: a dictionary of Swift's
/// strings would take "é" as one scalar and "é" as two for the same name.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([(name: String, value: JSONValue)])

  /// Parses a whole text. O(bytes).
  init(_ text: [UInt8]) throws(JSONProblem) {
    var parser = JSONParser(text: text)
    self = try parser.value(depth: 0)
    try parser.end()
  }

  /// The value of the first entry of this name; nil if there is none, and for `null`.
  subscript(name: String) -> JSONValue? {
    guard case .object(let entries) = self else { return nil }
    guard let value = entries.first(where: { $0.name.utf8.elementsEqual(name.utf8) })?.value else { return nil }
    if case .null = value { return nil }
    return value
  }

  var string: String? { if case .string(let string) = self { string } else { nil } }
  var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
  var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
  var number: Double? { if case .number(let number) = self { number } else { nil } }
  var entries: [(name: String, value: JSONValue)]? { if case .object(let entries) = self { entries } else { nil } }

  /// A text as JSON has it, in quotation marks.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// Where a text stops being JSON.
package struct JSONProblem: Error, Equatable {
  /// Counted in bytes from the text's start.
  package let offset: Int
  package let expected: String
}

private struct JSONParser {
  let text: [UInt8]
  var position = 0

  /// Values within values: deeper ones would take the stack.
  private static let deepest = 100

  mutating func value(depth: Int) throws(JSONProblem) -> JSONValue {
    if depth > Self.deepest { throw problem("at most \(Self.deepest) values within each other") }
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  mutating func end() throws(JSONProblem) {
    skipSpace()
    if position < text.count { throw problem("the text's end") }
  }

  private var peek: UInt8? { position < text.count ? text[position] : nil }

  private func problem(_ expected: String) -> JSONProblem { JSONProblem(offset: position, expected: expected) }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONProblem) -> JSONValue {
    guard text[position...].starts(with: word.utf8) else { throw problem("a value") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws(JSONProblem) -> JSONValue {
    let digits = text[position...].prefix { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
    guard let number = Double(String(decoding: digits, as: UTF8.self)), number.isFinite else {
      throw problem("a value")
    }
    position += digits.count
    return .number(number)
  }

  private mutating func array(_ depth: Int) throws(JSONProblem) -> JSONValue {
    position += 1
    var values: [JSONValue] = []
    if take("]") { return .array(values) }
    repeat { values.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw problem("\",\" or \"]\"") }
    return .array(values)
  }

  private mutating func object(_ depth: Int) throws(JSONProblem) -> JSONValue {
    position += 1
    var entries: [(name: String, value: JSONValue)] = []
    if take("}") { return .object(entries) }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw problem("a name in quotation marks") }
      let name = try string()
      guard take(":") else { throw problem("\":\"") }
      entries.append((name, try value(depth: depth + 1)))
    } while take(",")
    guard take("}") else { throw problem("\",\" or \"}\"") }
    return .object(entries)
  }

  private mutating func string() throws(JSONProblem) -> String {
    position += 1
    var bytes: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\"") {
      if byte < 0x20 { throw problem("no control character in a string") }
      position += 1
      if byte == UInt8(ascii: "\\") { bytes.append(try escaped()) } else { bytes.append(byte) }
    }
    if peek == nil { throw problem("a quotation mark") }
    position += 1
    guard let string = String(validating: bytes, as: UTF8.self) else { throw problem("a string of UTF-8") }
    return string
  }

  /// The scalar behind a backslash.
  private mutating func escaped() throws(JSONProblem) -> Unicode.Scalar {
    guard let byte = peek else { throw problem("an escaped character") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"):
      let high = try unit()
      guard (0xD800..<0xDC00).contains(high) else {
        guard let scalar = Unicode.Scalar(high) else { throw problem("both halves of a surrogate pair") }
        return scalar
      }
      guard text[position...].starts(with: "\\u".utf8) else { throw problem("both halves of a surrogate pair") }
      position += 2
      let low = try unit()
      guard (0xDC00..<0xE000).contains(low), let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + low - 0xDC00)
      else { throw problem("both halves of a surrogate pair") }
      return scalar
    default: throw problem("an escaped character")
    }
  }

  private mutating func unit() throws(JSONProblem) -> UInt32 {
    let digits = text[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw problem("four hexadecimal digits") }
    position += 4
    return unit
  }
}
