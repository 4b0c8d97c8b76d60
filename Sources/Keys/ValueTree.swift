/// A value, a list or a mapping of them, together with the place where it was written.
///
/// It is what configuration keys are read from and written to: scalars keep their text, because what `no` or `1` means
/// depends on the key that they belong to.
package struct ValueTree {
  package enum Content {
    /// A single value. A quoted one is always a string; a plain one is whatever the key expects.
    case scalar(String, isQuoted: Bool)
    case list([ValueTree])
    case mapping([Entry])
  }

  package struct Entry {
    package var key: String
    /// Where the key is written; the value has its own place.
    package var origin: Origin
    package var value: ValueTree
    /// What the file has here, where an override has put the value in its place.
    package var replaced: ValueTree?

    package init(key: String, origin: Origin = .start, value: ValueTree) {
      self.key = key
      self.origin = origin
      self.value = value
    }
  }

  package var content: Content
  package var origin: Origin

  package init(_ content: Content, origin: Origin = .start) {
    self.content = content
    self.origin = origin
  }

  package static func plain(_ text: String) -> ValueTree { ValueTree(.scalar(text, isQuoted: false)) }

  /// A string, in quotes if it would be read as something else without.
  package static func string(_ text: String) -> ValueTree {
    ValueTree(.scalar(text, isQuoted: !isSafePlain(text)))
  }

  /// Whether every YAML reader takes this text for a string when it stands without quotes.
  ///
  /// It errs on the side of quotes: only letters, digits and `_ . / + -` go without, and not where they spell a number,
  /// a truth value or nothing.
  private static func isSafePlain(_ text: String) -> Bool {
    let reserved: Set = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", "-.inf", "+.inf", ".nan"]
    guard let first = text.unicodeScalars.first, first.isASCIILetter || "/._".unicodeScalars.contains(first) else {
      return false
    }
    return text.unicodeScalars.allSatisfy { $0.isPlainCharacter }
      && !reserved.contains(text.lowercased())
      && Double(text) == nil
  }

  /// Whether nothing is written here: `key:`, `key: ~` or `key: null`.
  package var isNull: Bool { plainText.map { ["", "~", "null", "Null", "NULL"].contains($0) } ?? false }

  /// The text of a scalar without quotes.
  package var plainText: String? {
    if case .scalar(let text, isQuoted: false) = content { text } else { nil }
  }

  /// The text of any scalar, except where nothing is written.
  package var text: String? {
    if case .scalar(let text, _) = content, !isNull { text } else { nil }
  }

  /// The entries of a mapping.
  package var entries: [Entry]? {
    if case .mapping(let entries) = content { entries } else { nil }
  }

  /// What a message says was found here.
  package var summary: String {
    switch content {
    case .mapping: "a mapping"
    case .list: "a list"
    case .scalar where isNull: "nothing"
    case .scalar(let text, let isQuoted): "\(isQuoted ? "the string " : "")'\(printable(text))'"
    }
  }

  /// The place of a key in dotted notation, or that of the closest mapping above it which is written down.
  package func origin(ofKey path: String) -> Origin {
    var tree = self
    var origin = origin
    for component in path.split(separator: ".") {
      guard let entry = tree.entries?.last(where: { $0.key == component }) else { break }
      origin = entry.origin
      tree = entry.value
    }
    return origin
  }
}

extension Unicode.Scalar {
  package var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }

  /// Whether it means nothing to YAML in the middle of a plain text.
  package var isPlainCharacter: Bool { isASCIILetter || "0123456789_./+-".unicodeScalars.contains(self) }
}

/// A text from outside as it may appear in a message: on one line, not too long, and harmless to a terminal.
package func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars.prefix(80) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: result += scalar.escaped(asASCII: true)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return text.unicodeScalars.count > 80 ? result + "…" : result
}
