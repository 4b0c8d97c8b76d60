import Keys

/// Prints a tree as YAML in block style.
enum YAMLEmitter {
  /// The text of a mapping, two spaces of indentation a level, a line feed at the end of every line.
  static func text(of entries: [ValueTree.Entry], indentation: String = "") -> String {
    var result = ""
    for entry in entries {
      result += "\(indentation)\(entry.key):"
      switch entry.value.content {
      case .scalar(let text, let isQuoted):
        result += " \(scalar(text, isQuoted: isQuoted))\n"
      case .list(let items):
        result += "\n"
        for case .scalar(let text, let isQuoted) in items.map(\.content) {
          result += "\(indentation)  - \(scalar(text, isQuoted: isQuoted))\n"
        }
      case .mapping(let children):
        result += "\n" + Self.text(of: children, indentation: indentation + "  ")
      }
    }
    return result
  }

  /// A value on one line, in flow style. A plain text that isn't a word or a number goes into quotes.
  static func flow(_ tree: ValueTree) -> String {
    switch tree.content {
    case .scalar(let text, let isQuoted):
      let isPlain = !isQuoted && text.unicodeScalars.allSatisfy { $0.isPlainCharacter }
      return tree.isNull ? "null" : scalar(text, isQuoted: !isPlain)
    case .list(let items): return "[" + items.map(flow).joined(separator: ", ") + "]"
    case .mapping(let entries):
      let pairs = entries.map { "\(flow(.string($0.key))): \(flow($0.value))" }
      return "{" + pairs.joined(separator: ", ") + "}"
    }
  }

  private static func scalar(_ text: String, isQuoted: Bool) -> String {
    guard isQuoted else { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case " "..."~": result.unicodeScalars.append(scalar)
      default: result += escape(scalar)
      }
    }
    return result + "\""
  }

  /// Letters, marks, digits and the like stay as they are; the rest is written as a number.
  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned, .spaceSeparator:
      let digits = String(scalar.value, radix: 16, uppercase: true)
      let width = digits.count <= 4 ? 4 : 8
      return (width == 4 ? "\\u" : "\\U") + String(repeating: "0", count: width - digits.count) + digits
    default:
      return String(scalar)
    }
  }
}
