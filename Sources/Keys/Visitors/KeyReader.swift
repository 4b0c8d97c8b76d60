/// Sets the values of a configuration from a mapping, and reports what doesn't fit.
package struct KeyReader: KeyVisitor {
  private let entries: [ValueTree.Entry]
  /// Where the mapping is, for what is missing in it.
  private let origin: Origin
  /// The mapping's own key in dotted notation; empty at the top level.
  private let path: String
  private let reading: Reading

  /// The keys that are there to be given, and those that would be if another alternative had been chosen.
  private var knownKeys: Set<String> = []
  private var foreignKeys: [String: ForeignKey] = [:]

  private struct ForeignKey {
    var reason: String
    /// Whether an override has chosen the alternative, and one in the file is to be passed over for that.
    var isDropped = false
  }

  package static func read(_ section: inout some KeySection, from tree: ValueTree, path: String, reading: Reading) {
    guard let entries = tree.entries else {
      reading.report(tree.origin, path, "expected a mapping of keys, found \(tree.summary)")
      return
    }
    var reader = KeyReader(entries: entries, origin: tree.origin, path: path, reading: reading)
    section.visitKeys(&reader)
    reader.reportUnknownKeys()
  }

  private init(entries: [ValueTree.Entry], origin: Origin, path: String, reading: Reading) {
    self.entries = entries
    self.origin = origin
    self.path = path
    self.reading = reading
  }

  private func entry(_ key: String) -> ValueTree.Entry? { entries.last { $0.key == key } }

  private func fullPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func site(_ key: String) -> ReadingSite { ReadingSite(path: fullPath(key), reading: reading) }

  // MARK: Values and sections

  package mutating func value<Value>(_ key: String, _ value: inout Value, _ kind: ValueKind<Value>, _ help: String) {
    knownKeys.insert(key)
    if let tree = entry(key)?.value, let found = kind.read(tree, site(key)) { value = found }
  }

  package mutating func optional<Value>(_ key: String, _ value: inout Value?, _ kind: ValueKind<Value>, _ help: String)
  {
    knownKeys.insert(key)
    if let tree = entry(key)?.value { value = tree.isNull ? nil : kind.read(tree, site(key)) }
  }

  package mutating func section(_ key: String, _ section: inout some KeySection, _ help: String) {
    knownKeys.insert(key)
    // An absent section is read too, as an empty one: there may be something that it must have.
    let tree = entry(key)?.value ?? ValueTree(.mapping([]), origin: origin)
    Self.read(&section, from: tree, path: fullPath(key), reading: reading)
  }

  package mutating func optionalSection<Section: KeySection>(
    _ key: String, _ section: inout Section?, defaults: Section, _ help: String
  ) {
    knownKeys.insert(key)
    guard let tree = entry(key)?.value else { return }
    guard !tree.isNull else {
      section = nil
      return
    }
    var present = defaults
    Self.read(&present, from: tree, path: fullPath(key), reading: reading)
    section = present
  }

  // MARK: Alternatives

  package mutating func variant<Variant: KeyVariant>(_ variant: inout Variant) {
    switch Variant.selector {
    case .value(let key, let noun, _): choose(&variant, byValueOf: key, noun: noun)
    case .presence: chooseByPresence(&variant)
    }
  }

  private mutating func choose<Variant: KeyVariant>(_ variant: inout Variant, byValueOf key: String, noun: String) {
    knownKeys.insert(key)
    let alternatives = Variant.alternatives
    var isKnown = true
    var isOverridden = false
    if let entry = entry(key) {
      let kind = ValueKind<Variant>.choice(
        of: alternatives.map(\.name), value: { name in alternatives.first { $0.name == name } }, name: \.name)
      let chosen = kind.read(entry.value, site(key))
      isKnown = chosen != nil
      if case .override = entry.origin { isOverridden = true }
      if isOverridden, let chosen {
        let original = entry.replaced.flatMap { old in alternatives.first { $0.name == old.text } } ?? variant
        remarkOnSettings(of: chosen, givenFor: original, noun: noun)
      }
      variant = chosen ?? variant
    }
    variant.visitSettings(&self)

    for (foreignKey, owners) in foreignKeys(of: variant) {
      if isKnown {
        let owners = enumeration(of: owners, conjunction: "and")
        foreignKeys[foreignKey] = ForeignKey(
          reason: "belongs to \(owners); the \(noun) is \(variant.name)", isDropped: isOverridden)
      } else {
        knownKeys.insert(foreignKey)
      }
    }
  }

  /// The file's settings that an alternative has as well as the one that they were given for, and may mean differently.
  private func remarkOnSettings<Variant: KeyVariant>(of chosen: Variant, givenFor original: Variant, noun: String) {
    guard chosen.name != original.name else { return }
    let shared = KeyCatalogue.names(ofSettings: chosen).intersection(KeyCatalogue.names(ofSettings: original))
    for entry in entries where shared.contains(entry.key) {
      guard case .file = entry.origin, let text = entry.value.text else { continue }
      reading.remark(
        entry.origin, fullPath(entry.key),
        "\(text) stays, though it was given for \(original.name); the \(noun) is \(chosen.name)")
    }
  }

  private mutating func chooseByPresence<Variant: KeyVariant>(_ variant: inout Variant) {
    let chosen = Variant.alternatives.first { entry($0.name).map { !$0.value.isNull } ?? false }
    if let chosen {
      variant = chosen
    } else {
      let names = enumeration(of: Variant.alternatives.map(\.name), conjunction: "or")
      reading.report(origin, path, "missing; give \(names)")
    }
    variant.visitSettings(&self)
    let rivals = Variant.alternatives.map(\.name)
    for foreignKey in foreignKeys(of: variant).keys {
      let isGiven = entry(foreignKey).map { !$0.value.isNull } ?? false
      if isGiven, chosen != nil {
        let substitute = rivals.contains(foreignKey) || variant.substitute.isEmpty ? "" : "; \(variant.substitute)"
        foreignKeys[foreignKey] = ForeignKey(reason: "can't be combined with \(variant.name)\(substitute)")
      } else {
        knownKeys.insert(foreignKey)
      }
    }
  }

  /// The keys that other alternatives have, each with the names of these alternatives.
  private func foreignKeys<Variant: KeyVariant>(of chosen: Variant) -> [String: [String]] {
    let ownKeys = KeyCatalogue.names(ofSettings: chosen)
    var owners: [String: [String]] = [:]
    for alternative in Variant.alternatives where alternative.name != chosen.name {
      for key in KeyCatalogue.names(ofSettings: alternative).subtracting(ownKeys) {
        owners[key, default: []].append(alternative.name)
      }
    }
    return owners
  }

  // MARK: Unknown keys

  private func reportUnknownKeys() {
    for entry in entries where !knownKeys.contains(entry.key) {
      if case .file = entry.origin, let foreign = foreignKeys[entry.key], foreign.isDropped {
        reading.remark(entry.origin, fullPath(entry.key), "dropped: \(foreign.reason)")
        continue
      }
      reading.report(entry.origin, fullPath(entry.key), message(forUnknown: entry))
    }
  }

  private func message(forUnknown entry: ValueTree.Entry) -> String {
    if let foreign = foreignKeys[entry.key] { return foreign.reason }
    let homes = reading.catalogue.filter { $0.name == entry.key }.map(\.section)
    if !homes.isEmpty {
      // Alternatives may share a key, which is listed for each of them.
      let names = Set(homes).sorted().map { $0.isEmpty ? "the top level" : $0 }
      let isAtTop = Set(homes) == [""]
      return
        "unknown key; \(entry.key) belongs \(isAtTop ? "at" : "under") \(enumeration(of: names, conjunction: "or"))"
    }
    let candidates = knownKeys.union(foreignKeys.keys)
    if let suggestion = closest(to: entry.key, among: candidates) {
      return "unknown key; did you mean \(suggestion)?"
    }
    return "unknown key; expected \(enumeration(of: candidates.sorted(), conjunction: "or"))"
  }
}
