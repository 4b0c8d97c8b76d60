/// What a configuration would be had nobody given any value but chosen among alternatives: walks the defaults, and takes the
/// alternatives and optional sections that another configuration has.
package struct KeyDefaults: KeyVisitor {
  private var entries: [ValueTree.Entry] = []
  private let chosen: ValueTree

  /// - Parameters:
  ///   - defaults: what everything is before anything is read.
  ///   - chosen: what a `KeyWriter` made of the configuration whose choices count.
  package static func tree(of defaults: some KeySection, chosen: ValueTree) -> ValueTree {
    var visitor = KeyDefaults(chosen: chosen)
    var section = defaults
    section.visitKeys(&visitor)
    return ValueTree(.mapping(visitor.entries))
  }

  private init(chosen: ValueTree) { self.chosen = chosen }

  private func chosen(_ key: String) -> ValueTree? { chosen.entries?.last { $0.key == key }?.value }

  package mutating func value<Value>(_ key: String, _ value: inout Value, _ kind: ValueKind<Value>, _ help: String) {
    append(key, kind.write(value))
  }

  package mutating func optional<Value>(_ key: String, _ value: inout Value?, _ kind: ValueKind<Value>, _ help: String)
  {
    if let value { append(key, kind.write(value)) }
  }

  package mutating func section(_ key: String, _ section: inout some KeySection, _ help: String) {
    append(key, Self.tree(of: section, chosen: chosen(key) ?? ValueTree(.mapping([]))))
  }

  package mutating func optionalSection<Section: KeySection>(
    _ key: String, _ section: inout Section?, defaults: Section, _ help: String
  ) {
    if let chosen = chosen(key) { append(key, Self.tree(of: section ?? defaults, chosen: chosen)) }
  }

  package mutating func variant<Variant: KeyVariant>(_ variant: inout Variant) {
    func isChosen(_ candidate: Variant) -> Bool {
      switch Variant.selector {
      case .value(let key, _, _): chosen(key)?.text == candidate.name
      case .presence: chosen(candidate.name) != nil
      }
    }
    var other = Variant.alternatives.first(where: isChosen) ?? variant
    // The choice itself may be another one than usual.
    if case .value(let key, _, _) = Variant.selector { append(key, .string(variant.name)) }
    other.visitSettings(&self)
  }

  private mutating func append(_ key: String, _ value: ValueTree) {
    entries.append(ValueTree.Entry(key: key, origin: .start, value: value))
  }
}
