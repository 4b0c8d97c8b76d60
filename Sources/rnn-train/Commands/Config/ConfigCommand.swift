import ArgumentParser
import Configuration
import ConfigurationFiles
import Keys
import Presentation

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Begin a configuration, check it, print it in full, or list the keys.",
    discussion: """
      Examples:

        rnn-train config init --output my.cfg
        rnn-train config check my.cfg
        rnn-train config show my.cfg model.hidden=256
        rnn-train config keys
      """,
    subcommands: [ConfigInitCommand.self, Check.self, Show.self, Keys.self])

  /// A file and overrides as plain arguments.
  struct FileArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("The configuration.", valueName: "file"), completion: .file())
    var file: String

    @OptionGroup
    var overrides: OverrideArguments

    func load() throws(ConfigurationError) -> RunConfiguration {
      try RunConfiguration.load(path: file, overrides: overrides.list, remark: Console(isQuiet: false).warn)
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Find everything that is wrong with a configuration.",
      discussion: """
        Example:

          rnn-train config check configs/lm.cfg training.epochs=3
        """)

    @OptionGroup
    var arguments: FileArguments

    func run() throws {
      _ = try arguments.load()
      try Results.print("\(arguments.file) is valid")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a configuration with every default filled in.",
      discussion: """
        What it prints is a configuration file that means the same:

          rnn-train config show configs/lm.cfg model.hidden=256 > wide.cfg
        """)

    @OptionGroup
    var arguments: FileArguments

    func run() throws {
      try Results.print(arguments.load().render(), terminator: "")
    }
  }

  struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List every key, with its default and what it is for.",
      discussion: """
        Each key stands with its default on a line that begins with it, and below
        are the values that it takes and what it is for:

          rnn-train config keys | grep -A 2 model.cell
        """)

    func run() throws {
      let column = (RunConfiguration.keys.map(\.path.columns).max() ?? 0) + 2
      let width = (StandardStream.output.width ?? 80) - Self.indentation.columns
      let lines = RunConfiguration.keys.flatMap { key in
        let heading = key.defaultText.map { key.path.padded(to: column) + $0 } ?? key.path
        let purpose = "\(key.expectation): \(key.help)\(Self.condition(of: key))"
        return [heading] + Format.wrapped(purpose, to: width).map { Self.indentation + $0 }
      }
      try Results.print(lines.joined(separator: "\n"))
    }

    private static let indentation = "    "

    /// What a key goes with, if it isn't for all configurations: `data.tokens` with `train`, `beta1` with `adam`.
    private static func condition(of key: KeyDescription) -> String {
      guard let alternative = key.alternative, !key.path.split(separator: ".").contains(alternative[...]) else {
        return ""
      }
      return " (with \(alternative))"
    }
  }
}
