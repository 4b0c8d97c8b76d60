import ArgumentParser
import Configuration
import ConfigurationFiles
import Keys
import Presentation

struct ConfigExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Tell all there is to know about a key or a section.",
    discussion: """
      Examples:

        rnn-train config explain training.schedule
        rnn-train config explain batch_size

      The last part of a key will do where there is only one key of that name.
      """)

  @Argument(
    help: ArgumentHelp("A key in dotted notation, or a section.", valueName: "key"),
    completion: .custom { _, _, _ in Array(Set(RunConfiguration.keys.map(\.path))).sorted() })
  var key: String

  func run() throws {
    let keys = RunConfiguration.keys
    let paths = Set(keys.map(\.path).filter { $0 == key || $0.hasSuffix(".\(key)") })
    guard let path = paths.contains(key) ? key : paths.first, paths.contains(key) || paths.count == 1 else {
      throw UnknownKey.error(key, among: keys.map(\.path), noun: "key")
    }
    let width = StandardStream.output.width ?? 80
    try Results.print(KeyExplanation(path, among: keys).text(width: width))
  }
}
