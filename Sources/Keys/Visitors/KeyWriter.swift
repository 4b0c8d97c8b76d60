/// Turns a configuration into YAML, with every default filled in.
package struct KeyWriter: KeyVisitor {
  package private(set) var entries: [ValueTree.Entry] = []

  package static func tree(of section: some KeySection) -> ValueTree {
    var writer = KeyWriter()
    var section = section
    section.visitKeys(&writer)
    return ValueTree(.mapping(writer.entries))
  }

  package mutating func value<Value>(_ key: String, _ value: inout Value, _ kind: ValueKind<Value>, _ help: String) {
    append(key, kind.write(value))
  }

  package mutating func optional<Value>(_ key: String, _ value: inout Value?, _ kind: ValueKind<Value>, _ help: String)
  {
    if let value { append(key, kind.write(value)) }
  }

  package mutating func section(_ key: String, _ section: inout some KeySection, _ help: String) {
    append(key, Self.tree(of: section))
  }

  package mutating func optionalSection<Section: KeySection>(
    _ key: String, _ section: inout Section?, defaults: Section, _ help: String
  ) {
    if let section { append(key, Self.tree(of: section)) }
  }

  package mutating func variant<Variant: KeyVariant>(_ variant: inout Variant) {
    if case .value(let key, _, _) = Variant.selector { append(key, .string(variant.name)) }
    variant.visitSettings(&self)
  }

  private mutating func append(_ key: String, _ value: ValueTree) {
    entries.append(ValueTree.Entry(key: key, origin: .start, value: value))
  }
}
