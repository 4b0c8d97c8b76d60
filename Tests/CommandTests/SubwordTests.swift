import Foundation
import Testing
import Training

/// Runs whose tokens are subwords.
struct SubwordTests {
  private static let run = ["--config", "lm.cfg", "data.tokens=bpe", "data.vocabulary.size=300", "training.epochs=1"]

  @Test func aRunCarriesItsTokenizerWhereverItGoes() throws {
    let workspace = try Workspace()
    try workspace.succeed(Self.run)
    let checkpoint = try workspace.lastCheckpoint()
    let tokenizer = try #require(checkpoint.tokenization.subwords)
    #expect(checkpoint.vocabulary.tokens.count == 300 && checkpoint.vocabulary == tokenizer.vocabulary)
    // The text is needed no more to make text tokens.
    let scored = try workspace.succeed(["score", "run", "--tokens"], input: "the queen é\n")
    let lines = scored.output.split(separator: "\n")
    let texts = lines.dropFirst().map { String($0.split(separator: "\t", omittingEmptySubsequences: false)[0]) }
    #expect(texts.suffix(3) == ["\\xC3", "\\xA9", "\\n"])
    #expect(texts.dropLast(3).joined() == "the queen ")
    #expect(lines[0].hasSuffix("\t\(texts.count)\t0"))
    let written = try workspace.succeed(["generate", "run", "--length", "40", "--prompt", "the"]).output
    #expect(written.hasPrefix("the") && !written.contains("Ġ") && !written.contains("Ċ"))
    #expect(!(try workspace.succeed(["next", "run", "--prompt", "the", "--json"]).output.contains("Ġ")))
    let evaluated = try workspace.succeed(["evaluate", "run", "--split", "test", "--json"]).output
    #expect(evaluated.contains("\"unknown_targets\" : 0"))
    #expect(
      try workspace.succeed(["inspect", "run/checkpoints/last.h5"]).output.contains("tokens are             bpe\n"))
    // The file that it was learnt into is a tokenizer that gives the same run.
    try workspace.write(tokenizer.json, to: "tokenizer.json")
    try workspace.succeed([
      "--config", "lm.cfg", "data.tokens={tokenizer: tokenizer.json}", "training.epochs=1", "output.directory=again",
    ])
    #expect(try workspace.lastCheckpoint(of: "again").parameters == checkpoint.parameters)
    // And a run goes on without it.
    try FileManager.default.removeItem(atPath: workspace.path("tokenizer.json"))
    try workspace.succeed(["train", "--resume", "again", "training.epochs=2"])
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2"])
    #expect(try workspace.lastCheckpoint(of: "again").parameters == workspace.lastCheckpoint().parameters)
  }

  @Test func anExportedModelHasItToo() throws {
    let workspace = try Workspace()
    try workspace.succeed(Self.run)
    for (format, ending) in [("onnx", "onnx"), ("safetensors", "safetensors"), ("pytorch", "pt")] {
      try workspace.succeed(["export", "run", "--format", format])
      let bytes = try workspace.bytes("run/model.\(ending)")
      #expect(bytes.range(of: Data("use_regex".utf8)) != nil, "\(format)")
    }
  }

  @Test func anotherModelsTokensAreKept() throws {
    let workspace = try Workspace()
    try workspace.succeed(Self.run + ["output.directory=base"])
    let second = [
      "train", "--config", "lm.cfg", "--from", "base", "data.train=second.txt", "data.validation={split: 0.2}",
      "data.test=null",
      "training.epochs=1",
    ]
    try workspace.write((0..<120).map { "other words \($0)\n" }.joined(), to: "second.txt")
    try workspace.succeed(second + ["data.tokens=bpe", "data.vocabulary.size=300"])
    #expect(try workspace.lastCheckpoint().tokenization == workspace.lastCheckpoint(of: "base").tokenization)
    let refused = try workspace.run(second + ["data.tokens=character", "output.directory=other"])
    #expect(refused.code == 65 && refused.errors.contains("data.tokens is bpe in it and character here"))
  }

  @Test(arguments: [
    (["data.vocabulary.size=256"], "data.vocabulary.size: expected at least 257"),
    (["data.tokens={tokenizer: absent.json}", "data.vocabulary={}"], "data.tokens.tokenizer: no such file: "),
    (["data.tokens={tokenizer: lm.cfg}", "data.vocabulary={}"], "lm.cfg: expected JSON: "),
    (["data.tokens={tokenizer: lm.cfg}"], "data.vocabulary.size=300: is for tokens that are learnt here"),
    (["data.tokens={}"], "expected word, character, grapheme, whitespace, bpe or {tokenizer: FILE}"),
    (["data.vocabulary.extend=true"], "subwords make up every text"),
    (["data.vocabulary={file: lm.cfg}"], "is for other tokens than subwords"),
  ])
  func whatIsWrongIsSaidBeforeARunBegins(overrides: [String], message: String) throws {
    let workspace = try Workspace()
    let outcome = try workspace.run(Self.run + overrides)
    #expect(outcome.code == 65 && outcome.errors.contains(message), "\(outcome)")
    #expect(!workspace.exists("run"))
  }
}
