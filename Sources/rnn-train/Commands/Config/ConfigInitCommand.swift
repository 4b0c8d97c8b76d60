import ArgumentParser
import Configuration
import Files
import Presentation
import Tasks

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

  @Option(help: "What the model is to learn.")
  var task = TaskArgument(Tasks.all[0])

  @Option(
    help: ArgumentHelp("Where to write it. (default: standard output)", valueName: "file"),
    completion: .file(extensions: ["cfg"]))
  var output: String?

  @OptionGroup
  var options: ConsoleOptions

  func run() throws {
    guard let output else { return try Results.print(text(file: "FILE"), terminator: "") }
    if try OutputOption.file(at: output) != nil { throw OutputOption.refusal(output, "a file already") }
    let word = Format.shellWord(output)
    try DurableFile.write(Array(text(file: word).utf8), to: output)
    options.console.say(
      """
      wrote \(output); next: name your \(task.task.corpusNoun) in it, then
        \(RunResults.program) config check \(word)
        \(RunResults.program) --config \(word)
      """)
  }

  /// - Parameter file: what the comments call it.
  private func text(file: String) -> String {
    task.task.template.replacing("FILE", with: file)
  }
}

/// A task by its name.
struct TaskArgument: NamedKind {
  let task: any Task

  static var all: [any Task] { Tasks.all }
  static func name(of task: any Task) -> String { task.name }

  init(_ task: any Task) { self.task = task }

  var defaultValueDescription: String { task.name }
}
