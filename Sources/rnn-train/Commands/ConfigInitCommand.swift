import ArgumentParser
import Configuration
import Files
import Glibc

struct ConfigInitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a commented configuration to begin with.",
    discussion: """
      Examples:

        rnn-train config init --output my.cfg
        rnn-train config init --task tagging --output tagger.cfg
        rnn-train config init | less

      Name your own text in it, or on the command line:

        rnn-train --config my.cfg data.train=my.txt
      """)

  @Option(help: "What the model is to learn: language-model or tagging.")
  var task = RunConfiguration.Task.languageModel

  @Option(
    help: ArgumentHelp("Where to write it. (default: standard output)", valueName: "file"),
    completion: .file(extensions: ["cfg"]))
  var output: String?

  @OptionGroup
  var options: ConsoleOptions

  func run() throws {
    guard let output else { return try Results.print(text(file: "FILE"), terminator: "") }
    guard access(output, F_OK) != 0 else {
      throw ValidationError("--output \(output): there is a file already; choose another name")
    }
    let word = Format.shellWord(output)
    try DurableFile.write(Array(text(file: word).utf8), to: output)
    options.console.say(
      """
      wrote \(output); next: name your \(task == .tagging ? "treebank" : "text") in it, then
        \(RunResults.program) config check \(word)
        \(RunResults.program) --config \(word)
      """)
  }

  /// - Parameter file: what the comments call it.
  private func text(file: String) -> String {
    let bytes =
      switch task {
      case .languageModel: PackageResources.language_model_cfg
      case .tagging: PackageResources.tagging_cfg
      }
    return String(decoding: bytes, as: UTF8.self).replacing("FILE", with: file)
  }
}

extension RunConfiguration.Task: ExpressibleByArgument {}
