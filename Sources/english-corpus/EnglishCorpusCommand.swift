import ArgumentParser
import Foundation
import GrammarCorpus

/// For those who maintain the project: makes what `datasets/english` holds, and tells what the grammar thinks of a text.
@main
struct EnglishCorpusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "english-corpus",
    abstract: "Write the corpus that the project ships, or judge a text by its grammar.")

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
    if let output { print(try EnglishCorpus.write(to: output, seed: seed)) }
    guard let judge else { return }
    let grammar = try EnglishGrammar.load()
    let sentences = try String(contentsOfFile: judge, encoding: .utf8).split(separator: "\n")
    let grammatical = sentences.filter { grammar.isGrammatical($0.split(separator: " ").map(String.init)) }.count
    print("\(grammatical) of \(sentences.count) sentences are grammatical")
  }
}
