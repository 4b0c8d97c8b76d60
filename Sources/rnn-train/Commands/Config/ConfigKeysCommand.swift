import ArgumentParser
import Configuration
import ConfigurationFiles
import Keys
import Presentation

struct ConfigKeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "List every key, with its default and what it is for.",
    discussion: """
      Examples:

        rnn-train config keys
        rnn-train config keys training.optimizer
        rnn-train config keys --json

      Keys stand below the section that they belong to; what belongs to one
      choice among several, say to an optimizer, stands below that choice.
      `rnn-train config explain KEY` tells more of one.
      """)

  @Argument(
    help: ArgumentHelp("A section, to list its keys alone.", valueName: "section"),
    completion: .custom { _, _, _ in RunConfiguration.keys.filter(\.isSection).map(\.path) })
  var section: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let keys = try section.map(Self.keys(below:)) ?? RunConfiguration.keys
    if json { return try Results.print(JSON.text(KeyList(keys))) }
    try Results.print(KeyListing(keys, width: StandardStream.output.width ?? 80).text)
  }

  /// A section and the keys below it.
  private static func keys(below section: String) throws(ValidationError) -> [KeyDescription] {
    let keys = RunConfiguration.keys
    guard keys.contains(where: { $0.path == section && $0.isSection }) else {
      throw UnknownKey.error(section, among: keys.filter(\.isSection).map(\.path), noun: "section")
    }
    return keys.filter { $0.path == section || $0.path.hasPrefix(section + ".") }
  }

  private struct KeyList: Encodable {
    let keys: [Key]

    init(_ keys: [KeyDescription]) { self.keys = keys.map { Key($0) } }

    struct Key: Encodable {
      let key: String
      let values: String
      let `default`: String?
      let choices: [String]
      /// The alternative that it belongs to, if it is there for some only.
      let with: String?
      let help: String

      init(_ description: KeyDescription) {
        key = description.path
        values = description.expectation
        `default` = description.defaultText
        choices = description.choices
        with = description.alternative
        help = description.help
      }
    }
  }
}

/// A key that there isn't.
enum UnknownKey {
  /// - Parameter noun: what was expected: `key`.
  static func error(_ key: String, among keys: [String], noun: String) -> ValidationError {
    let last = key.split(separator: ".").last.map(String.init) ?? key
    let suggestions = keys.filter { $0.hasSuffix(".\(last)") && $0 != key }
    let hint =
      suggestions.isEmpty
      ? closest(to: key, among: keys) ?? keys.first { closest(to: last, among: [Self.name(of: $0)]) != nil }
      : enumeration(of: Array(Set(suggestions)).sorted(), conjunction: "or")
    let remedy = hint.map { "did you mean \($0)?" } ?? "`rnn-train config keys` lists them"
    return ValidationError("\(key): there is no such \(noun); \(remedy)")
  }

  private static func name(of key: String) -> String { key.split(separator: ".").last.map(String.init) ?? key }
}
