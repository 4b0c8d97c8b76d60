import Diagnostics

/// Why there is no configuration.
package enum ConfigurationError: DiagnosedError, Equatable {
  /// The file can't be read as text.
  case unreadable(file: String, reason: String)
  /// Arguments that should be `KEY=VALUE` and aren't.
  case malformedOverrides([String])
  /// Everything that is wrong with a configuration, in the order of its lines, overrides last. Never empty.
  case invalid(file: String, [ConfigurationProblem])

  package var exitCode: ExitCode {
    switch self {
    case .malformedOverrides: .usage
    case .unreadable, .invalid: .badInput
    }
  }

  /// One line for each problem.
  package var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): \(reason)"
    case .malformedOverrides(let arguments):
      arguments.map { "\(printable($0)): expected KEY=VALUE, for example training.batch_size=64" }
        .joined(separator: "\n")
    case .invalid(let file, let problems):
      problems.map { $0.line(file: file) }.joined(separator: "\n")
    }
  }
}

/// One thing that is wrong with a configuration.
package struct ConfigurationProblem: Sendable, Equatable {
  package let origin: Origin
  /// The key in dotted notation; empty where it's about the whole.
  package let key: String
  package let message: String

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

  static let start = Origin.file(line: 1, column: 1)
}
