import Configuration
import ConfigurationFiles

/// The smallest configuration that is right.
let minimal = "data:\n  synthetic: {}\n"

/// A configuration from text that names no file which must be there.
func parse(_ text: String, _ overrides: String...) throws(ConfigurationError) -> RunConfiguration {
  try RunConfiguration.parse(
    text: text, name: "lm.cfg", directory: "/corpora", overrides: overrides, checkFiles: false)
}

/// The lines that a user reads about a configuration; none if it's right.
func complaints(_ text: String, _ overrides: String...) -> [String] {
  do {
    _ = try RunConfiguration.parse(
      text: text, name: "lm.cfg", directory: "/corpora", overrides: overrides, checkFiles: false)
    return []
  } catch {
    return error.description.split(separator: "\n").map(String.init)
  }
}
