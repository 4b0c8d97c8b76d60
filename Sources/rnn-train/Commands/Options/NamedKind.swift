import ArgumentParser

/// An option's value that is one of a list of kinds, by its name: a task, a format. Kinds are types, not cases of an enum, so
/// that one more is one more entry of their list; the parser refuses other names, and shells complete these, as for an enum.
protocol NamedKind: ExpressibleByArgument {
  associatedtype Kind
  static var all: [Kind] { get }
  static func name(of kind: Kind) -> String
  init(_ kind: Kind)
}

extension NamedKind {
  static var allValueStrings: [String] { all.map(name(of:)) }
  static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }

  init?(argument: String) {
    guard let kind = Self.all.first(where: { Self.name(of: $0) == argument }) else { return nil }
    self.init(kind)
  }
}
