/// Turns a configuration into YAML, with every default filled in.
struct KeyWriter: KeyVisitor {
  private(set) var entries: [YAMLTree.Entry] = []

  static func tree(of section: some KeySection) -> YAMLTree {
    var writer = KeyWriter()
    var section = section
    section.visitKeys(&writer)
    return YAMLTree(.mapping(writer.entries))
  }

  mutating func value<Value>(_ key: String, _ value: inout Value, _ kind: ValueKind<Value>, _ help: String) {
    append(key, kind.write(value))
  }

  mutating func optional<Value>(_ key: String, _ value: inout Value?, _ kind: ValueKind<Value>, _ help: String) {
    if let value { append(key, kind.write(value)) }
  }

  mutating func section(_ key: String, _ section: inout some KeySection, _ help: String) {
    append(key, Self.tree(of: section))
  }

  mutating func optionalSection<Section: KeySection>(
    _ key: String, _ section: inout Section?, defaults: Section, _ help: String
  ) {
    if let section { append(key, Self.tree(of: section)) }
  }

  mutating func variant<Variant: KeyVariant>(_ variant: inout Variant) {
    if case .value(let key, _, _) = Variant.selector { append(key, .string(variant.name)) }
    variant.visitSettings(&self)
  }

  private mutating func append(_ key: String, _ value: YAMLTree) {
    entries.append(YAMLTree.Entry(key: key, origin: .start, value: value))
  }
}
