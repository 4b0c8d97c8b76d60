import Foundation
import Testing
import Training

/// Runs whose vocabulary is a file.
struct VocabularyTests {
  private static let words = ["queen", "<unk>", "the", ".", "</s>", "zebra"]

  private static func workspace() throws -> Workspace {
    let workspace = try Workspace()
    try workspace.write(words.joined(separator: "\n") + "\n", to: "words.txt")
    return workspace
  }

  private static let run = ["--config", "lm.cfg", "data.vocabulary.file=words.txt"]

  @Test func idsAreThoseOfTheFileAndStayWithTheRun() throws {
    let workspace = try Self.workspace()
    try workspace.succeed(Self.run + ["training.epochs=1"])
    #expect(try workspace.lastCheckpoint().vocabulary.tokens == Self.words)
    // What has begun needs the file no more.
    try workspace.write("other\n", to: "words.txt")
    let evaluated = try workspace.succeed(["evaluate", "run", "--split", "test", "--json"])
    #expect(evaluated.output.contains("\"unknown_targets\" : "))
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2"])
    #expect(try workspace.lastCheckpoint().vocabulary.tokens == Self.words)
  }

  @Test func theTextMayAddToIt() throws {
    let workspace = try Self.workspace()
    try workspace.succeed(
      Self.run + ["data.vocabulary.extend=true", "data.vocabulary.size=10", "training.epochs=1"])
    let tokens = try workspace.lastCheckpoint().vocabulary.tokens
    #expect(tokens.count == 10 && Array(tokens.prefix(6)) == Self.words)
  }

  @Test func aTaggersWordsMayBeGiven() throws {
    let workspace = try Self.workspace()
    try workspace.succeed([
      "--config", "tagger.cfg", "data.vocabulary.min_count=1", "data.vocabulary.file=words.txt", "training.epochs=1",
    ])
    #expect(try workspace.lastCheckpoint().vocabulary.tokens == Self.words)
  }

  @Test(arguments: [
    (["data.vocabulary.file=wrods.txt"], "data.vocabulary.file=wrods.txt: no such file: "),
    (["data.vocabulary.size=9"], "data.vocabulary.size"),
    (["data.vocabulary.min_count=2"], "data.vocabulary.min_count"),
    (["data.vocabulary.file=lm.cfg"], "lm.cfg:2: expected one token without white space in it"),
  ])
  func whatIsWrongIsSaidBeforeARunBegins(overrides: [String], message: String) throws {
    let workspace = try Self.workspace()
    let outcome = try workspace.run(Self.run + overrides)
    #expect(outcome.code == 65 && outcome.errors.contains(message), "\(outcome)")
    #expect(!workspace.exists("run"))
  }
}
