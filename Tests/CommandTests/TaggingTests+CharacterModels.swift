import Datasets
import Foundation
import Testing
import Training

/// Taggers whose words are read by language models of characters.
extension TaggingTests {
  /// With a pair of models, `there` and `back`.
  private static func workspace() throws -> Workspace {
    let workspace = try Workspace()
    let settings = ["--config", "lm.cfg", "data.tokens=character", "training.epochs=1", "output.checkpoint_every=1000"]
    try workspace.succeed(settings + ["model.hidden=10", "output.directory=there"])
    try workspace.succeed(settings + ["data.direction=backward", "output.directory=back"])
    return workspace
  }

  private static let pair = "model.character_model={forward: there, backward: back}"

  @Test func charactersAreReadByLanguageModels() throws {
    let (whole, parts) = (try Self.workspace(), try Self.workspace())
    let settings = ["--config", "tagger.cfg", Self.pair]
    let told = try whole.succeed(settings + ["training.epochs=2", "--threads", "2"])
    #expect(told.errors.contains("with 31 numbers each by ") && told.errors.contains("there/checkpoints/step-"))
    try parts.succeed(settings + ["training.epochs=1", "--threads", "1"])
    try parts.succeed(["train", "--resume", "run", "training.epochs=2", "--threads", "2"])
    let checkpoints = try [whole, parts].map { try $0.lastCheckpoint() }
    #expect(checkpoints[0].parameters == checkpoints[1].parameters)
    #expect(try whole.metrics() == parts.metrics())
    // What follows from a word's spelling stands before.
    let weight = checkpoints[0].parameters.first { $0.name == "rnn.weight_ih_l0" }
    #expect(weight?.shape == [4 * 11, 9 + 2 * 7 + 31])

    // A sentence is tagged as in any company, and as it is measured.
    let corpus = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    let tagged = try whole.succeed(["tag", "run", "\(SampleText.directory)/test.conllu"]).output
    let pairs = zip(fields(corpus), fields(tagged)).filter { $0.0.count == 10 && $0.0[3] != "_" }
    let right = pairs.count { $0.0[3] == $0.1[3] }
    struct Report: Decodable { let accuracy: Double }
    let json = try whole.succeed(["evaluate", "run", "--json", "--threads", "2"]).output
    let accuracy = try JSONDecoder().decode(Report.self, from: Data(json.utf8)).accuracy
    #expect(abs(accuracy - Double(right) / Double(pairs.count)) < 1e-12)
    let first = corpus.components(separatedBy: "\n\n")[0] + "\n\n"
    #expect(tagged.hasPrefix(try whole.succeed(["tag", "run"], input: first).output))

    let export = try whole.run(["export", "run", "--format", "safetensors"])
    #expect(export.code == 65 && export.errors.contains("model.character_model"), "\(export)")
    // Shards are another run, and go on.
    try whole.succeed(settings + ["training.shards=3", "training.epochs=1", "output.directory=shards"])

    // The models go with the run, wherever they were read from.
    for gone in ["there", "back"] {
      try FileManager.default.removeItem(at: whole.directory.appendingPathComponent(gone))
    }
    #expect(try whole.succeed(["tag", "run", "\(SampleText.directory)/test.conllu"]).output == tagged)
    try whole.succeed(["train", "--resume", "run", "training.epochs=3"])
    #expect(try whole.lastCheckpoint().characterModels.keys.count == 2)
  }

  /// A parameter's; none where there is none.
  private static func elements(_ name: String, _ parameters: [Checkpoint.Tensor]) throws -> [Float] {
    try parameters.first { $0.name == name }?.elements ?? []
  }

  /// What they begin with, and what they become.
  @Test func languageModelsAreTrainedOn() throws {
    let (whole, parts) = (try Self.workspace(), try Self.workspace())
    let pair = "model.character_model={forward: there, backward: back, learning_rate_share: 0.1}"
    let settings = ["--config", "tagger.cfg", pair]
    let told = try whole.succeed(settings + ["training.epochs=2", "--threads", "2"])
    #expect(told.errors.contains("back/checkpoints/") && told.errors.contains("which are trained on"), "\(told)")
    try parts.succeed(settings + ["training.epochs=1", "--threads", "1"])
    try parts.succeed(["train", "--resume", "run", "training.epochs=2", "--threads", "3"])
    let checkpoints = try [whole, parts].map { try $0.lastCheckpoint() }
    #expect(checkpoints[0].parameters == checkpoints[1].parameters)
    #expect(try whole.metrics() == parts.metrics())
    let moved = try Self.elements("language_model.backward.rnn.weight_hh_l0", checkpoints[0].parameters)
    let kept = try #require(checkpoints[0].characterModels[.backward])
    let first = try Self.elements("rnn.weight_hh_l0", kept.parameters)
    #expect(!first.isEmpty && moved.count == first.count && moved != first)

    // Frozen, they give what those give that aren't trained on.
    let frozen = try [["training.freeze=[language_model]"], [Self.pair]].enumerated().map { number, settings in
      try whole.succeed(
        ["--config", "tagger.cfg", pair] + settings
          + ["training.epochs=1", "model.embedding_dropout=0", "output.directory=frozen-\(number)"])
      return try whole.lastCheckpoint(of: "frozen-\(number)")
    }
    let notMoved = try Self.elements("language_model.backward.rnn.weight_hh_l0", frozen[0].parameters)
    #expect(notMoved == first)
    #expect(!frozen[1].parameters.contains { $0.name.hasPrefix("language_model") })
    let output = try frozen.map { try Self.elements("decoder.weight", $0.parameters) }
    #expect(zip(output[0], output[1]).allSatisfy { abs($0 - $1) < 1e-4 })

    // A sentence is tagged as in any company, and as it is measured.
    let corpus = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    let tagged = try whole.succeed(["tag", "run", "\(SampleText.directory)/test.conllu"]).output
    let pairs = zip(fields(corpus), fields(tagged)).filter { $0.0.count == 10 && $0.0[3] != "_" }
    struct Report: Decodable { let accuracy: Double }
    let json = try whole.succeed(["evaluate", "run", "--json", "--threads", "2"]).output
    let accuracy = try JSONDecoder().decode(Report.self, from: Data(json.utf8)).accuracy
    #expect(abs(accuracy - Double(pairs.count { $0.0[3] == $0.1[3] }) / Double(pairs.count)) < 1e-12)
    let sentence = corpus.components(separatedBy: "\n\n")[0] + "\n\n"
    #expect(tagged.hasPrefix(try whole.succeed(["tag", "run"], input: sentence).output))

    let export = try whole.run(["export", "run", "--format", "safetensors"])
    #expect(export.code == 65 && export.errors.contains("model.character_model"), "\(export)")
    try whole.succeed(settings + ["training.shards=3", "training.epochs=1", "output.directory=shards"])

    // What has been trained on can be trained on, and what was frozen; but nothing that was trained on is frozen models' again.
    func from(_ run: String, share: Double) throws -> Outcome {
      try whole.run(
        settings + [
          "model.character_model.learning_rate_share=\(share)", "model.from=\(run)", "training.epochs=1",
          "output.directory=from-\(run)-\(share)",
        ])
    }
    let goneOn = try from("run", share: 0.2)
    #expect(goneOn.code == 0 && !goneOn.errors.contains("drawn"), "\(goneOn)")
    let begun = try from("frozen-1", share: 0.2)
    #expect(begun.code == 0 && !begun.errors.contains("drawn"), "\(begun)")
    let refused = try from("run", share: 0)
    #expect(refused.code == 65 && refused.errors.contains("learning_rate_share"), "\(refused)")
  }

  /// Other models would give a network numbers that it doesn't know.
  @Test func aRunKeepsItsCharacterModels() throws {
    let workspace = try Self.workspace()
    let settings = ["--config", "tagger.cfg", "training.epochs=1"]
    try workspace.succeed(settings + [Self.pair])
    try workspace.succeed(["train", "--resume", "there", "training.epochs=2"])

    let resumed = try workspace.run(["train", "--resume", "run", "model.character_model.forward=there"])
    #expect(resumed.code == 64 && resumed.errors.contains("keeps its character models"), "\(resumed)")
    // A best checkpoint that is another one by now.
    let kept = "keeps its character model"
    let same = try workspace.succeed(["train", "--resume-or-begin"] + settings + [Self.pair, "training.epochs=2"])
    #expect(!same.errors.contains(kept), "\(same)")
    #expect(try workspace.lastCheckpoint().characterModels[.forward]?.state.epoch == 1)
    let other = try workspace.succeed(
      ["train", "--resume-or-begin"] + settings
        + [Self.pair, "model.character_model.forward=elsewhere", "training.epochs=3"])
    #expect(other.errors.contains(kept) && other.errors.contains("elsewhere isn't used"), "\(other)")
    let begun = try workspace.run(settings + [Self.pair, "model.from=run", "output.directory=new"])
    #expect(begun.code == 65 && begun.errors.contains("model.character_model.forward: another model than"), "\(begun)")
    #expect(!FileManager.default.fileExists(atPath: workspace.path("new")))
  }

  @Test func modelsThatCantReadCharacters() throws {
    let workspace = try Self.workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1", "output.directory=words"])
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=1", "output.directory=tagger"])
    for (pair, complaint) in [
      ("forward: back", "forward: PATH: expected a model of data.direction forward, found backward"),
      ("backward: there", "backward: PATH: expected a model of data.direction backward, found forward"),
      ("forward: words", "forward: PATH: expected a model of data.tokens character or grapheme, found whitespace"),
      ("forward: tagger", "forward: PATH: expected a language model, found a tagger"),
    ] {
      let outcome = try workspace.run([
        "--config", "tagger.cfg", "model.character_model={\(pair)}", "output.directory=new",
      ])
      let errors = outcome.errors.replacing(/forward: \S*\.h5|backward: \S*\.h5/) {
        "\($0.0.prefix { $0 != ":" }): PATH"
      }
      #expect(outcome.code == 65 && errors.contains("model.character_model.\(complaint)"), "\(outcome)")
      #expect(!FileManager.default.fileExists(atPath: workspace.path("new")))
    }
  }
}
