import Yams

/// Makes a text with duplicate keys readable, so that all that is wrong with it can be reported at once.
///
/// Yams gives up at the first mapping that has a key twice. The earlier of the two keys is renamed to as many characters
/// from the private use area, which keeps every line and column where it was, and the parse is tried again.
struct DuplicateKeyRepair {
  static let limit = 100
  private static let privateUse: Unicode.Scalar = "\u{E000}"

  private var originalNames: [String: String] = [:]

  /// The text with another name for the key at that place; nil if the key isn't spelled there as it is, as one with
  /// escapes is not, or if there were too many before.
  mutating func renamingKey(_ key: String, at mark: Mark, in text: String) -> String? {
    var scalars = Array(text.unicodeScalars)
    let name = Array(key.unicodeScalars)
    guard originalNames.count < Self.limit, var start = Self.offset(of: mark, in: scalars) else { return nil }
    if start < scalars.count, scalars[start] == "\"" || scalars[start] == "'" { start += 1 }
    let end = start + name.count
    guard !name.isEmpty, end <= scalars.count, Array(scalars[start..<end]) == name,
      let last = Unicode.Scalar(Self.privateUse.value + UInt32(originalNames.count))
    else { return nil }
    let substitute = Array(repeating: Self.privateUse, count: name.count - 1) + [last]
    scalars.replaceSubrange(start..<end, with: substitute)
    originalNames[String(String.UnicodeScalarView(substitute))] = key
    return String(String.UnicodeScalarView(scalars))
  }

  /// The name that a key had before it was renamed.
  func originalName(of key: String) -> String { originalNames[key] ?? key }

  /// Where a line and column begin; lines end as YAML 1.1 has it.
  private static func offset(of mark: Mark, in scalars: [Unicode.Scalar]) -> Int? {
    var line = 1
    var start = 0
    for (index, scalar) in scalars.enumerated() where line < mark.line {
      let isBreak =
        switch scalar {
        case "\n", "\u{85}", "\u{2028}", "\u{2029}": true
        case "\r": index + 1 == scalars.count || scalars[index + 1] != "\n"
        default: false
        }
      if isBreak {
        line += 1
        start = index + 1
      }
    }
    return line == mark.line ? start + mark.column - 1 : nil
  }
}
