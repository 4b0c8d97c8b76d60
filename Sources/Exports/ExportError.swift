import Diagnostics

/// Why a model can't be written in a format, or a file can't be read as a model.
package enum ExportError: DiagnosedError, Equatable {
  /// A model with something that a format has no way to say.
  case unsayable(format: String, what: String)
  /// A place to write to that holds something else than an export of this format.
  case occupied(file: String, format: String)
  /// A file that isn't what it should be.
  case malformed(file: String, format: String, reason: String)
  /// A sound file that holds no model of rnn-train.
  case notModel(file: String, expected: String, found: String)

  package var exitCode: ExitCode {
    switch self {
    case .unsayable, .malformed, .notModel: .badInput
    case .occupied: .cannotWrite
    }
  }

  package var description: String {
    switch self {
    case .unsayable(let format, let what): "the format \(format) can't hold \(what)"
    case .occupied(let file, let format):
      "\(file): there is a file that isn't one of the format \(format); choose another name by --output"
    case .malformed(let file, let format, let reason): "\(file) is not a \(format) file: \(reason)"
    case .notModel(let file, let expected, let found):
      "\(file) holds no model that rnn-train has exported: expected \(expected), found \(found)"
    }
  }
}
