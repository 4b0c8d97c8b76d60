import ArgumentParser
import Configuration
import ConfigurationFiles
import Diagnostics
import Glibc

/// The one place where an error becomes a line on standard error and an exit code.
enum Failure {
  static func exit(_ error: any Error) -> Never {
    if error as? OutputError == .nobodyReads { Glibc.exit(Diagnostics.ExitCode.done.rawValue) }
    // Requests of help, and what the parser says at length.
    if line(for: error) == nil, RnnTrain.exitCode(for: error) != .validationFailure { RnnTrain.exit(withError: error) }
    say(error)
    Glibc.exit(exitCode(for: error))
  }

  /// Says on standard error what has gone wrong.
  ///
  /// - Parameter addition: what is to be said behind it.
  static func say(_ error: any Error, addition: String = "") {
    var text = (line(for: error) ?? "rnn-train: \(RnnTrain.message(for: error))") + "\(addition)\n"
    if line(for: error) == nil {
      // As every other error begins; the parser would list all options behind it, and doesn't know what a configuration could
      // take.
      if command.takesSettings, let option = UnknownOption(namedIn: text) {
        text = "rnn-train: \(option.message)\n" + text
      }
      text += "`\(command.name) --help` tells more.\n"
    }
    StandardStream.error.write(StandardStream.error.message(text))
  }

  /// What a process ends with that fails with an error.
  static func exitCode(for error: any Error) -> Int32 {
    if let error = error as? any DiagnosedError { return error.exitCode.rawValue }
    return line(for: error) == nil
      ? RnnTrain.exitCode(for: error).rawValue : Diagnostics.ExitCode.internalFault.rawValue
  }

  /// The command that was given, with its subcommand: `rnn-train sweep show`; and whether it takes `KEY=VALUE`, as training does,
  /// which is what the program does without a command's name.
  private static var command: (name: String, takesSettings: Bool) {
    var (names, chosen) = ([RnnTrain.configuration.commandName ?? ""], RnnTrain.self as any ParsableCommand.Type)
    for argument in CommandLine.arguments.dropFirst() {
      let commands = chosen.configuration.subcommands
      guard let next = commands.first(where: { $0.configuration.commandName == argument }) else { break }
      names.append(argument)
      chosen = next
    }
    let help = RnnTrain.helpMessage(for: chosen)
    return (names.joined(separator: " "), names.count == 1 || help.contains("KEY=VALUE"))
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
