import ArgumentParser
import Files
import GrammarCorpus

/// For those who maintain the project: makes what `datasets/english` holds, and tells what the grammar thinks of a text.
struct EnglishCorpusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "english-corpus",
    abstract: "Write the corpus that the project ships, or judge a text by its grammar.",
    shouldDisplay: false)

  @Option(help: ArgumentHelp("The directory to write to.", valueName: "directory"))
  var output: String?

  @Option(help: ArgumentHelp("Another seed, another corpus.", valueName: "s"))
  var seed = EnglishCorpus.shippedSeed

  @Option(help: ArgumentHelp("A text with a sentence a line: how many of them are grammatical?", valueName: "file"))
  var judge: String?

  func validate() throws {
    guard (output == nil) != (judge == nil) else { throw ValidationError("expected --output or --judge") }
  }

  func run() throws {
    if let output { try Results.print(EnglishCorpus.write(to: output, seed: seed).description) }
    guard let judge else { return }
    let grammar = try EnglishGrammar.load()
    let sentences = String(decoding: try FileContents.read(judge), as: UTF8.self).split(separator: "\n")
    let grammatical = sentences.filter { grammar.isGrammatical($0.split(separator: " ").map(String.init)) }.count
    try Results.print("\(grammatical) of \(sentences.count) sentences are grammatical")
  }
}
