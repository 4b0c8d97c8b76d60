/// The exit codes of `rnn-train`, after BSD's `sysexits.h` where it has one.
package enum ExitCode: Int32, Sendable {
  case done = 0
  case usage = 64
  /// A config, text, dataset or checkpoint that can't be used as it is.
  case badInput = 65
  /// A fault of the program's own.
  case internalFault = 70
  /// The system gives no memory, thread, process or descriptor.
  case noResources = 71
  /// Output can't be created or written.
  case cannotWrite = 73
  case inputOutput = 74
  case diverged = 75
  /// Stopped by SIGHUP, SIGINT or SIGTERM, after saving a checkpoint.
  case hungUp = 129
  case interrupted = 130
  case terminated = 143
}

/// An error that a user can act on.
///
/// `description` is the line that the user reads: it names the file, what was expected and what was found.
package protocol DiagnosedError: Error, CustomStringConvertible {
  /// What the process ends with when nobody handles the error.
  var exitCode: ExitCode { get }
}

/// `1 epoch`, `2 epochs`.
package func counted(_ value: Int, _ noun: String) -> String { "\(value) \(noun)\(value == 1 ? "" : "s")" }
