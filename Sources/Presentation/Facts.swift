/// A name and a value, for people.
package struct Fact: Sendable, Equatable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A number that people compare models by.
package struct Quantity: Sendable, Equatable, CustomStringConvertible {
  /// `perplexity`
  package let name: String
  package let value: Double
  /// The value as people read it.
  package let text: String

  package init(_ name: String, _ value: Double, text: String) {
    self.name = name
    self.value = value
    self.text = text
  }

  /// `perplexity 12.34`
  package var description: String { "\(name) \(text)" }
}
