import ArgumentParser
import GrammarCorpus

/// For those who maintain the project: makes what `datasets/english` holds.
struct EnglishCorpusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "english-corpus",
    abstract: "Write the corpus that the project ships, and say how hard it is.",
    shouldDisplay: false)

  @Option(help: ArgumentHelp("The directory to write to.", valueName: "directory"))
  var output: String

  @Option(help: ArgumentHelp("Another seed, another corpus.", valueName: "s"))
  var seed = EnglishCorpus.shippedSeed

  func run() throws {
    try Results.print(EnglishCorpus.write(to: output, seed: seed).description)
  }
}
