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
      // As every other error begins; the parser would list all options behind it.
      var text = "rnn-train: \(RnnTrain.message(for: error))\n"
      // The parser doesn't know what a configuration could take.
      if let option = UnknownOption(namedIn: text) { text = "rnn-train: \(option.message)\n" + text }
      text += "`\(command) --help` tells more.\n"
      StandardStream.error.write(StandardStream.error.message(text))
      Glibc.exit(Diagnostics.ExitCode.usage.rawValue)
    }
    StandardStream.error.write(StandardStream.error.message(line + "\n"))
    let code = (error as? any DiagnosedError)?.exitCode ?? .internalFault
    Glibc.exit(code.rawValue)
  }

  /// The command that was given, with its subcommand: `rnn-train sweep show`.
  private static var command: String {
    var (names, commands) = ([RnnTrain.configuration.commandName ?? ""], RnnTrain.configuration.subcommands)
    for argument in CommandLine.arguments.dropFirst() {
      guard let next = commands.first(where: { $0.configuration.commandName == argument }) else { break }
      names.append(argument)
      commands = next.configuration.subcommands
    }
    return names.joined(separator: " ")
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
