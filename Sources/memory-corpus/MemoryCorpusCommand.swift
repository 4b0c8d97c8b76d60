import ArgumentParser
import GrammarCorpus

/// Makes what `datasets/memory` holds, and the same for other distances.
@main
struct MemoryCorpusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory-corpus",
    abstract: "Write sentences whose last word agrees with their first one, over chosen distances.")

  @Option(help: ArgumentHelp("The directory to write to.", valueName: "directory"))
  var output: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Words between the first one and the last, from 1 to 1000; a file for each.", valueName: "n"))
  var distance = MemoryCorpus.shippedDistances

  @Option(help: ArgumentHelp("Sentences in each file, from 1 to 1000000.", valueName: "n"))
  var sentences = MemoryCorpus.shippedSentences

  @Option(help: ArgumentHelp("Another seed, another corpus.", valueName: "s"))
  var seed = MemoryCorpus.shippedSeed

  func validate() throws {
    if let distance = distance.first(where: { !(1...1000).contains($0) }) {
      throw ValidationError("--distance \(distance): expected a number from 1 to 1000")
    }
    guard (1...1_000_000).contains(sentences) else {
      throw ValidationError("--sentences \(sentences): expected a number from 1 to 1000000")
    }
  }

  func run() throws {
    print(try MemoryCorpus.write(to: output, distances: distance, sentences: sentences, seed: seed))
  }
}
