import Diagnostics
import Keys

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
