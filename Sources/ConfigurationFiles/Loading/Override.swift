import Keys

/// A `KEY=VALUE` from the command line: a key in dotted notation and a value in YAML, which win over the file.
struct Override {
  let text: String
  private(set) var path: [Substring]
  let valueText: String
  let origin: Origin

  /// - Throws: `malformedOverrides` with all arguments that aren't overrides.
  static func parse(_ arguments: [String]) throws(ConfigurationError) -> [Override] {
    let overrides = arguments.enumerated().map { Override($1, index: $0) }
    let malformed = zip(arguments, overrides).filter { $0.1 == nil }.map(\.0)
    guard malformed.isEmpty else { throw .malformedOverrides(malformed) }
    return overrides.compactMap(\.self)
  }

  private init?(_ text: String, index: Int) {
    guard let separator = text.firstIndex(of: "=") else { return nil }
    let path = text[..<separator].split(separator: ".", omittingEmptySubsequences: false)
    guard !path.contains("") else { return nil }
    self.text = text
    self.path = path
    valueText = String(text[text.index(after: separator)...])
    origin = .override(index: index, text: text)
  }

  /// The same override for a file whose key `section` holds keys in dotted notation: what follows it is one of them.
  func holdingDots(below section: String) -> Override {
    guard path.first.map(String.init) == section, path.count > 2 else { return self }
    var override = self
    override.path = [path[0], path.dropFirst().joined(separator: ".")[...]]
    return override
  }

  /// Puts the value in its place, whole: a mapping replaces a mapping.
  ///
  /// - Returns: what is wrong with the value or the place.
  func apply(to tree: inout ValueTree) -> [ConfigurationProblem] {
    // To YAML the one is a list's first hyphen, and the others begin an alias, which a line of its own has none of, and a list, which
    // ends in a bracket too: on a command line they are standard input and patterns of files.
    let beginsWithBrackets = valueText.hasPrefix("[") && valueText.contains("]") && !valueText.hasSuffix("]")
    let isPlain = valueText == "-" || valueText.hasPrefix("*") || beginsWithBrackets
    let value = isPlain ? "'\(valueText.replacing("'", with: "''"))'" : valueText
    let parser = YAMLParser(value, override: origin, key: path.joined(separator: "."))
    guard let value = parser.tree else { return parser.problems }
    let obstacle = set(value, at: path[...], in: &tree)
    return parser.problems + (obstacle.map { [$0] } ?? [])
  }

  private func set(
    _ value: ValueTree, at rest: ArraySlice<Substring>, in tree: inout ValueTree
  ) -> ConfigurationProblem? {
    guard let first = rest.first else {
      tree = value
      return nil
    }
    if tree.isNull { tree.content = .mapping([]) }
    guard case .mapping(var entries) = tree.content else {
      let parent = path[..<rest.startIndex].joined(separator: ".")
      return ConfigurationProblem(
        origin: origin, key: path.joined(separator: "."),
        message: "\(parent) has no keys, it is \(tree.summary); override it whole: \(parent)={…}")
    }
    let key = String(first)
    let index = entries.firstIndex { $0.key == key } ?? entries.endIndex
    if index == entries.endIndex {
      entries.append(ValueTree.Entry(key: key, origin: origin, value: ValueTree(.mapping([]), origin: origin)))
    }
    // A key that is overridden itself is now written in the override; one that only holds it stays where it was.
    if rest.count == 1 {
      if case .file = entries[index].origin { entries[index].replaced = entries[index].value }
      entries[index].origin = origin
    }
    let obstacle = set(value, at: rest.dropFirst(), in: &entries[index].value)
    tree.content = .mapping(entries)
    return obstacle
  }
}
