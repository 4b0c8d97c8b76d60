import ArgumentParser
import Configuration
import ConfigurationFiles
import Diagnostics
import Glibc

/// The one place where an error becomes a line on standard error and an exit code.
enum Failure {
  static func exit(_ error: any Error) -> Never {
    if error as? OutputError == .nobodyReads { Glibc.exit(Diagnostics.ExitCode.done.rawValue) }
    guard let line = line(for: error) else {
      guard RnnTrain.exitCode(for: error) == .validationFailure else { RnnTrain.exit(withError: error) }
      // As every other error begins.
      var text = "rnn-train: \(RnnTrain.fullMessage(for: error).trimmingPrefix("Error: "))\n"
      // The parser doesn't know what a configuration could take.
      if let option = UnknownOption(namedIn: text) { text = "rnn-train: \(option.message)\n" + text }
      StandardStream.error.write(StandardStream.error.message(text))
      Glibc.exit(Diagnostics.ExitCode.usage.rawValue)
    }
    StandardStream.error.write(StandardStream.error.message(line + "\n"))
    let code = (error as? any DiagnosedError)?.exitCode ?? .internalFault
    Glibc.exit(code.rawValue)
  }

  /// What a user reads; nil for requests of help and for usage errors, which the parser words and reports.
  static func line(for error: any Error) -> String? {
    switch error {
    // Each line begins with the place in the file, as compilers have it, for editors to jump to.
    case let error as ConfigurationError: "\(error)"
    case let error as any DiagnosedError: "rnn-train: \(error)"
    default:
      RnnTrain.exitCode(for: error) == .failure
        ? "rnn-train: a fault of the program itself, please report it: \(error)" : nil
    }
  }
}
