/// A YAML value together with the place where it was written.
///
/// It is what configuration keys are read from and written to: scalars keep their text, because what `no` or `1` means
/// depends on the key that they belong to.
struct YAMLTree {
  enum Content {
    /// A single value. A quoted one is always a string; a plain one is whatever the key expects.
    case scalar(String, isQuoted: Bool)
    case list([YAMLTree])
    case mapping([Entry])
  }

  struct Entry {
    var key: String
    /// Where the key is written; the value has its own place.
    var origin: Origin
    var value: YAMLTree
  }

  var content: Content
  var origin: Origin

  init(_ content: Content, origin: Origin = .start) {
    self.content = content
    self.origin = origin
  }

  static func plain(_ text: String) -> YAMLTree { YAMLTree(.scalar(text, isQuoted: false)) }

  /// A string, in quotes if it would be read as something else without.
  static func string(_ text: String) -> YAMLTree {
    YAMLTree(.scalar(text, isQuoted: !YAMLEmitter.isSafePlain(text)))
  }

  /// Whether nothing is written here: `key:`, `key: ~` or `key: null`.
  var isNull: Bool { plainText.map { ["", "~", "null", "Null", "NULL"].contains($0) } ?? false }

  /// The text of a scalar without quotes.
  var plainText: String? {
    if case .scalar(let text, isQuoted: false) = content { text } else { nil }
  }

  /// The text of any scalar, except where nothing is written.
  var text: String? {
    if case .scalar(let text, _) = content, !isNull { text } else { nil }
  }

  /// The entries of a mapping.
  var entries: [Entry]? {
    if case .mapping(let entries) = content { entries } else { nil }
  }

  /// What a message says was found here.
  var summary: String {
    switch content {
    case .mapping: "a mapping"
    case .list: "a list"
    case .scalar where isNull: "nothing"
    case .scalar(let text, let isQuoted): "\(isQuoted ? "the string " : "")'\(printable(text))'"
    }
  }

  /// The place of a key in dotted notation, or that of the closest mapping above it which is written down.
  func origin(ofKey path: String) -> Origin {
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

/// A text from outside as it may appear in a message: on one line, not too long, and harmless to a terminal.
func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars.prefix(80) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: result += scalar.escaped(asASCII: true)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return text.unicodeScalars.count > 80 ? result + "…" : result
}
