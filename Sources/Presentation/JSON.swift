import Foundation

/// A result that people read as it describes itself, and programs as one JSON object.
package typealias Report = Encodable & CustomStringConvertible

/// Results for programs: one object, keys in snake case and in order of the alphabet.
package enum JSON {
  /// A text that no result holds, in the place of a number until it is null.
  private static let noNumber = "\u{1}"

  package static func text(_ value: some Encodable) throws -> String { try text(value, [.prettyPrinted]) }

  /// On one line, for results of which there are many.
  package static func line(_ value: some Encodable) throws -> String { try text(value, []) }

  private static func text(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // JSON has no way to write infinity and NaN.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: noNumber, negativeInfinity: noNumber, nan: noNumber)
    return String(decoding: try encoder.encode(value), as: UTF8.self).replacing("\"\\u0001\"", with: "null")
  }
}

/// A number that becomes null where JSON has no way to write it: infinity and NaN.
@propertyWrapper
package struct NumberOrNull: Encodable, Sendable {
  package var wrappedValue: Double

  package init(wrappedValue: Double) { self.wrappedValue = wrappedValue }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if wrappedValue.isFinite { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}
