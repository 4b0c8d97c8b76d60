/// What there is to know about one key of the configuration.
package struct KeyDescription: Sendable, Equatable {
  /// Dotted notation, as in an override.
  package let path: String
  /// What values it takes: `a whole number from 1 to 10`.
  package let expectation: String
  /// The default as YAML; nil if the key is absent by default or has to be given.
  package let defaultText: String?
  /// What it is for.
  package let help: String
  /// The alternative that the key belongs to, if it is there for some only: `adam` for `beta1`.
  package let alternative: String?
  /// The values that it takes, where they can be listed.
  package let choices: [String]
  /// Whether it has keys of its own instead of a value.
  package let isSection: Bool
  /// What numbers its values are; nil if they are none.
  package let number: NumberKind?

  package enum NumberKind: Sendable, Equatable {
    case whole, real
  }

  package var name: String { path.split(separator: ".").last.map(String.init) ?? path }
  package var section: String { path.split(separator: ".").dropLast().joined(separator: ".") }
}

/// Lists every key that a configuration can have, those of all alternatives included.
package struct KeyCatalogue: KeyVisitor {
  package private(set) var keys: [KeyDescription] = []
  private var prefix = ""
  private var alternative: String?

  package static func keys(of section: some KeySection) -> [KeyDescription] {
    var catalogue = KeyCatalogue()
    var section = section
    section.visitKeys(&catalogue)
    return catalogue.keys
  }

  /// The names of the keys that belong to one alternative, without those of sections in it.
  package static func names(ofSettings variant: some KeyVariant) -> Set<String> {
    var catalogue = KeyCatalogue()
    var variant = variant
    variant.visitSettings(&catalogue)
    return Set(catalogue.keys.map { String($0.path.prefix { $0 != "." }) })
  }

  package mutating func value<Value>(_ key: String, _ value: inout Value, _ kind: ValueKind<Value>, _ help: String) {
    append(key, kind.expectation, kind.write(value), help, choices: kind.choices, number: kind.number)
  }

  package mutating func optional<Value>(_ key: String, _ value: inout Value?, _ kind: ValueKind<Value>, _ help: String)
  {
    append(
      key, kind.expectation, value.map(kind.write), help, choices: kind.choices, number: kind.number)
  }

  package mutating func section(_ key: String, _ section: inout some KeySection, _ help: String) {
    append(key, "a mapping", nil, help, isSection: true)
    let outer = (prefix, alternative)
    prefix += key + "."
    section.visitKeys(&self)
    (prefix, alternative) = outer
  }

  package mutating func optionalSection<Section: KeySection>(
    _ key: String, _ section: inout Section?, defaults: Section, _ help: String
  ) {
    var section = section ?? defaults
    self.section(key, &section, help)
  }

  package mutating func variant<Variant: KeyVariant>(_ variant: inout Variant) {
    if case .value(let key, _, let help) = Variant.selector {
      let names = Variant.alternatives.map(\.name)
      append(key, enumeration(of: names, conjunction: "or"), .string(variant.name), help, choices: names)
    }
    let outer = alternative
    for var candidate in Variant.alternatives {
      alternative = candidate.name
      candidate.visitSettings(&self)
    }
    alternative = outer
  }

  private mutating func append(
    _ key: String, _ expectation: String, _ value: ValueTree?, _ help: String, choices: [String] = [],
    isSection: Bool = false, number: KeyDescription.NumberKind? = nil
  ) {
    var text: String?
    if case .scalar(let scalar, _) = value?.content, !scalar.isEmpty { text = scalar }
    keys.append(
      KeyDescription(
        path: prefix + key, expectation: expectation, defaultText: text, help: help, alternative: alternative,
        choices: choices, isSection: isSection, number: number))
  }
}
