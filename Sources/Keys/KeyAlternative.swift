/// One alternative of a choice, as a type of its own: its settings are the keys that belong to it.
///
/// A property wrapper that conforms to `KeyVariant` holds the one that was chosen, and lists all there are.
package protocol KeyAlternative: Equatable, Sendable {
  /// What a configuration calls it.
  var name: String { get }
  mutating func visitSettings(_ keys: inout some KeyVisitor)
  /// What is wrong with settings that contradict each other.
  var objections: [Objection] { get }
}

extension KeyAlternative {
  package mutating func visitSettings(_ keys: inout some KeyVisitor) {}
  package var objections: [Objection] { [] }

  fileprivate func isEqual(to other: any KeyAlternative) -> Bool { other as? Self == self }
}

/// Whether both are the same alternative with the same settings.
package func == (a: any KeyAlternative, b: any KeyAlternative) -> Bool { a.isEqual(to: b) }
