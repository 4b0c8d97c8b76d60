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
    #expect(other.code == 65 && other.errors.contains("data.vocabulary.lowercase"), "\(other)")
    try workspace.succeed(
      ["--from", "run", "--config", "tagger.cfg", "output.directory=other", "training.epochs=1"]
        + Self.settings.prefix(2))
    let text = try workspace.run(["--config", "lm.cfg", "data.vocabulary.lowercase=true"])
    #expect(text.code == 65 && text.errors.contains("data.vocabulary.lowercase=true: is for tagging"), "\(text)")
  }
}
