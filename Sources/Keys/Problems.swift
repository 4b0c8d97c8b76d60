/// One thing that is wrong with a configuration.
package struct ConfigurationProblem: Sendable, Equatable {
  package let origin: Origin
  /// The key in dotted notation; empty where it's about the whole.
  package let key: String
  package let message: String

  package init(origin: Origin, key: String, message: String) {
    self.origin = origin
    self.key = key
    self.message = message
  }

  /// The line that a user reads.
  package func line(file: String) -> String {
    let subject = key.isEmpty ? "" : "\(printable(key)): "
    switch origin {
    case .file(let line, let column):
      return "\(file):\(line):\(column): \(subject)\(message)"
    case .override(_, let text):
      let isNamedByText = text.hasPrefix(key + "=")
      return "\(printable(text)): \(isNamedByText ? "" : subject)\(message)"
    }
  }
}

/// Where something is written. Places in the file come before overrides, each in their order.
package enum Origin: Sendable, Comparable {
  /// Line and column count from 1, columns in Unicode scalars.
  case file(line: Int, column: Int)
  /// The index counts the overrides as they were given; the text is `KEY=VALUE`.
  case override(index: Int, text: String)

  package static let start = Origin.file(line: 1, column: 1)
}

/// What is wrong with a configuration of which every single value is right.
package struct Objection: Sendable, Equatable {
  /// The key in dotted notation, as seen from where the objection is raised.
  package var key: String
  package let reason: String
  /// Other keys that the objection rests on. It isn't raised if one of them couldn't be read.
  package var otherKeys: [String]

  package init(key: String, reason: String, otherKeys: [String] = []) {
    self.key = key
    self.reason = reason
    self.otherKeys = otherKeys
  }

  /// The same objection as one sees it from outside a section.
  package func below(_ section: String) -> Objection {
    Objection(key: "\(section).\(key)", reason: reason, otherKeys: otherKeys.map { "\(section).\($0)" })
  }
}
