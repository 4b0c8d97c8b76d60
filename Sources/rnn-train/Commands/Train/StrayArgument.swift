import ArgumentParser
import Configuration
import ConfigurationFiles
import Files
import Glibc
import Keys
import Presentation
import Training

/// An argument that is neither a command nor a setting, and what whoever typed it may have meant.
struct StrayArgument {
  private let text: String

  init(_ text: String) { self.text = text }

  /// Whether it names a file that can be trained on as it is.
  static func isText(_ text: String) -> Bool {
    !text.contains("=") && !text.hasSuffix(".cfg") && access(text, F_OK) == 0 && !Directory.isDirectory(text)
  }

  var message: String {
    let word = Format.shellWord(text)
    let path = text.hasSuffix("/") ? String(text.dropLast()) : text
    if text.hasSuffix(".cfg") {
      return "\(text): a configuration is named by --config: `rnn-train --config \(word)`"
    }
    if Directory.isDirectory(path), Self.mayBeRun(path) {
      return "\(text): a run is gone on with by --resume: `rnn-train train --resume \(word)`"
    }
    if Directory.isDirectory(path) {
      return "\(text): texts in a directory are named as a setting: `rnn-train --config FILE data.train=\(word)`"
    }
    if access(path, F_OK) == 0 {
      return "\(text): a text that a configuration is to be trained on is named as a setting: `data.train=\(word)`"
    }
    if text.contains("/") || text.contains(".") {
      return "\(text): no such file"
        + (Self.neighbour(of: path).map { "; did you mean \(Format.shellWord($0))?" } ?? "")
    }
    if Self.commands.contains(text) {
      return "\(text): the command stands before its options: `rnn-train \(text) …`"
    }
    if let command = closest(to: text, among: Self.commands) {
      return "\(text): there is no such command; did you mean `rnn-train \(command)`?"
    }
    return "\(text): expected a command or KEY=VALUE; `rnn-train --help` lists the commands"
  }

  /// Whether there is a run in a directory, or it can't be told.
  private static func mayBeRun(_ directory: String) -> Bool {
    do {
      return try RunDirectory.holdsRun(at: directory)
    } catch {
      return true
    }
  }

  /// The names of all commands that people use.
  static var commands: [String] {
    RnnTrain.configuration.subcommands.map { $0.configuration }.filter { $0.shouldDisplay }.compactMap {
      $0.commandName
    }
  }

  /// A file or directory beside one that there isn't, of almost the same name.
  private static func neighbour(of path: String) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let directory = parts.dropLast().joined(separator: "/")
    let isInRoot = path.hasPrefix("/") && parts.count == 2
    do throws(FileError) {
      let names = try Directory.names(in: isInRoot ? "/" : directory.isEmpty ? "." : directory)
      return closest(to: String(parts.last ?? ""), among: names).map { directory.isEmpty ? $0 : "\(directory)/\($0)" }
    } catch {
      // The directory is wrong already.
      return nil
    }
  }
}

/// An option that there isn't, but a setting of its name.
struct UnknownOption {
  let message: String

  /// Nil where no setting has the name.
  ///
  /// - Parameters:
  ///   - option: `--epochs`, or `--epochs=3`.
  ///   - value: what follows it.
  init?(_ option: String, value: String?) {
    guard option.hasPrefix("--") else { return nil }
    let parts = option.dropFirst(2).split(separator: "=", maxSplits: 1)
    guard let first = parts.first else { return nil }
    let name = first.replacing("-", with: "_")
    let keys = RunConfiguration.keys.map(\.path).filter { $0 == name || $0.hasSuffix(".\(name)") }
    guard !keys.isEmpty else { return nil }
    let given = parts.count > 1 ? String(parts[1]) : value ?? "VALUE"
    let settings = Set(keys).sorted().map { "\($0)=\(given)" }
    message =
      "--\(first): settings are given as KEY=VALUE, without dashes: \(enumeration(of: settings, conjunction: "or"))"
  }

  /// What is wrong with the first option that a command doesn't have; nil if it has all of them, or another command follows,
  /// whose they may be.
  ///
  /// - Parameter help: the command's, which names all that it has.
  static func problem(in arguments: [String], of help: String) -> String? {
    guard !arguments.dropFirst(2).contains(where: StrayArgument.commands.contains) else { return nil }
    let words = help.split { " ,[]".contains($0) || $0.isNewline }
    let options = Set(words.filter { $0.hasPrefix("--") }.map(String.init))
    for (index, argument) in arguments.enumerated() where argument.hasPrefix("--") && argument.count > 2 {
      let name = String(argument.prefix { $0 != "=" })
      guard !options.contains(name) else { continue }
      let value = arguments.indices.contains(index + 1) ? arguments[index + 1] : nil
      if let setting = UnknownOption(argument, value: value) { return setting.message }
      let hint = closest(to: name, among: options).map { "; did you mean \($0)?" } ?? ""
      return "\(name): there is no such option\(hint)"
    }
    return nil
  }

  /// The first one of a command line that the parser complains of, which it does in quotes; it may know others of its name.
  init?(namedIn complaint: String) {
    let arguments = CommandLine.arguments
    let named = arguments.indices.dropFirst().first { index in
      arguments[index].hasPrefix("--") && complaint.contains("'\(arguments[index].prefix { $0 != "=" })'")
    }
    guard let index = named else { return nil }
    self.init(arguments[index], value: arguments.indices.contains(index + 1) ? arguments[index + 1] : nil)
  }
}
