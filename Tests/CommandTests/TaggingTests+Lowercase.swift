import Foundation
import Testing

/// Taggers that look words up in lower case.
extension TaggingTests {
  private static let settings = ["data.vocabulary.lowercase=true", "model.characters=null", "training.epochs=2"]

  @Test func wordsAreLookedUpInLowerCase() throws {
    let workspace = try Self.trained(Self.settings)
    #expect(try workspace.lastCheckpoint().vocabulary.isLowercase)
    func probabilities(_ text: String) throws -> [String] {
      try fields(tag(workspace, ["--output", "conllu", "--probabilities"], input: text)).compactMap(\.last)
    }
    // Nothing else is read here than ids of words.
    let lower = try probabilities("the cat sleeps .\n")
    #expect(try probabilities("THE Cat sLEEPS .\n") == lower)
    #expect(try probabilities("the unheard sleeps .\n") != lower)

    let cased = try Self.trained(Self.settings.dropFirst() + [])
    func tagged(_ text: String) throws -> [String] {
      try fields(tag(cased, ["--output", "conllu", "--probabilities"], input: text)).compactMap(\.last)
    }
    #expect(try tagged("THE Cat sLEEPS .\n") != tagged("the cat sleeps .\n"))

    // A vector is that of a word in any case.
    func nearest(_ word: String) throws -> Outcome {
      try workspace.run(["vectors", "--checkpoint", "run", "--nearest", word, "-k", "3"])
    }
    let (other, own) = (try nearest("Cat"), try nearest("cat"))
    #expect(other.code == 0 && other.output == own.output, "\(other)")
    let unknown = try nearest("unheard")
    #expect(unknown.code == 65 && unknown.errors.contains("doesn't know the word \"unheard\""), "\(unknown)")
  }

  @Test func theSettingStaysWithTheModel() throws {
    let workspace = try Self.trained(Self.settings)
    try workspace.succeed(["train", "--resume", "run", "training.epochs=3"])
    #expect(try workspace.lastCheckpoint().vocabulary.isLowercase)
    let other = try workspace.run(
      ["--from", "run", "--config", "tagger.cfg", "output.directory=other"] + Self.settings.dropFirst())
    #expect(
      other.code == 65 && other.errors.contains("so must this run: give data.vocabulary.lowercase=true"), "\(other)")
    #expect(try workspace.succeed(["inspect", "run/checkpoints/last.h5"]).output.contains(", words in lower case"))
    try workspace.succeed(
      ["--from", "run", "--config", "tagger.cfg", "output.directory=other", "training.epochs=1"]
        + Self.settings.prefix(2))
    try workspace.succeed(["prepare", "--config", "tagger.cfg", "--output", "words.h5"] + Self.settings.prefix(1))
    #expect(try workspace.succeed(["inspect", "words.h5", "--json"]).output.contains("\"lowercase\""))
    let words = try workspace.run([
      "--config", "lm.cfg", "data.dataset=words.h5", "data.train=null", "data.validation=null", "data.test=null",
      "data.tokens=null",
    ])
    #expect(words.code == 65 && words.errors.contains("a language model's words are what it predicts"), "\(words)")
    let text = try workspace.run(["--config", "lm.cfg", "data.vocabulary.lowercase=true"])
    #expect(text.code == 65 && text.errors.contains("data.vocabulary.lowercase=true: is for tagging"), "\(text)")
  }
}
