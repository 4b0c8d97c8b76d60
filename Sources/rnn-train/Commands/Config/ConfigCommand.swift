import ArgumentParser
import Configuration
import ConfigurationFiles

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Begin a configuration, check it, print it in full, or list and explain the keys.",
    discussion: """
      Examples:

        rnn-train config init --output my.cfg
        rnn-train config check my.cfg
        rnn-train config show my.cfg model.hidden=256
        rnn-train config keys
        rnn-train config explain training.schedule
      """,
    subcommands: [
      ConfigInitCommand.self, Check.self, Show.self, ConfigKeysCommand.self, ConfigExplainCommand.self,
    ])

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
}
