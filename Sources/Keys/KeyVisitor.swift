// How the keys of a configuration are described: once each, in `visitKeys` of the type that holds their values.
//
// One description serves every purpose through a visitor that walks it: `KeyReader` sets the values from YAML,
// `KeyWriter` turns them into YAML, `KeyCatalogue` lists the keys for documentation and for suggestions. A key's default
// is what its property holds before a reader comes by.

/// Something to do with every key of a configuration.
package protocol KeyVisitor {
  /// A key with a default.
  mutating func value<Value>(_ key: String, _ value: inout Value, _ kind: ValueKind<Value>, _ help: String)

  /// A key that may be absent, which means something of its own.
  mutating func optional<Value>(_ key: String, _ value: inout Value?, _ kind: ValueKind<Value>, _ help: String)

  /// A mapping with keys of its own.
  mutating func section(_ key: String, _ section: inout some KeySection, _ help: String)

  /// A mapping that may be absent; the defaults hold for a present one.
  mutating func optionalSection<Section: KeySection>(
    _ key: String, _ section: inout Section?, defaults: Section, _ help: String)

  /// A choice, and the keys that belong to it, beside the other keys of the same mapping.
  mutating func variant(_ variant: inout some KeyVariant)
}

/// A type whose values a mapping holds.
package protocol KeySection {
  mutating func visitKeys(_ keys: inout some KeyVisitor)
}

/// A choice between alternatives that have keys of their own.
package protocol KeyVariant {
  static var selector: VariantSelector { get }
  /// Every alternative, with its defaults.
  static var alternatives: [Self] { get }
  /// Which alternative this is.
  var name: String { get }
  /// What takes the place of the keys that it can't be combined with; empty if nothing does.
  var substitute: String { get }
  mutating func visitSettings(_ keys: inout some KeyVisitor)
}

/// How a mapping says which alternative it is.
package enum VariantSelector {
  /// By the value of a key.
  case value(ofKey: String, noun: String, help: String)
  /// By the presence of a key, which has the name of the alternative.
  case presence
}

extension KeyVariant {
  package var substitute: String { "" }
}

extension KeySection where Self: KeyVariant {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) { keys.variant(&self) }
}
