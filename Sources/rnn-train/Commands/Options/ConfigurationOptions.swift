import ArgumentParser
import Configuration
import ConfigurationFiles

/// A configuration file with overrides.
struct ConfigurationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The configuration.", valueName: "file"), completion: .file())
  var config: String

  @OptionGroup
  var overrides: OverrideArguments

  func load() throws(ConfigurationError) -> RunConfiguration {
    try RunConfiguration.load(path: config, overrides: overrides.list, remark: Console(isQuiet: false).warn)
  }
}

/// `KEY=VALUE` arguments, which win over a configuration file.
struct OverrideArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Settings that win over the file, for example training.batch_size=64; `rnn-train config keys` lists them.",
      valueName: "key=value"),
    completion: .custom { SettingCompletion.candidates($0, $1, $2) })
  var list: [String] = []
}
