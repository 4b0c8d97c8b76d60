import Foundation
import Testing
import Training

/// Runs that begin with another one's parameters.
struct GoingOnTests {
  /// With `lm.cfg` trained in `base`, and a text that has words of its own in `second.txt`.
  private static func workspace() throws -> Workspace {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1", "output.directory=base"])
    let text = (0..<120).map { "the old pilot sees a \($0 % 3 == 0 ? "harbour" : "garden") and a boat .\n" }
    try workspace.write(text.joined(), to: "second.txt")
    return workspace
  }

  private static let second = [
    "train", "--config", "lm.cfg", "data.train=second.txt", "data.vocabulary.extend=true", "training.epochs=2",
    "output.checkpoint_every=4",
  ]

  private static func elements(_ checkpoint: Checkpoint, _ name: String) throws -> [Float] {
    try #require(checkpoint.parameters.first { $0.name == name }).elements
  }

  private static func firstCheckpoint(of run: String = "run", in workspace: Workspace) throws -> Checkpoint {
    try CheckpointFile.read(workspace.path("\(run)/checkpoints/step-00000000.h5"))
  }

  // MARK: what is taken over

  @Test func parametersAreTheOthersAndNewWordsHaveRowsBehindThem() throws {
    let workspace = try Self.workspace()
    let outcome = try workspace.succeed(Self.second + ["--from", "base", "output.keep=99"])
    let base = try CheckpointFile.read(workspace.path("base/checkpoints/best.h5"))
    let first = try Self.firstCheckpoint(in: workspace)
    let old = base.vocabulary.count
    #expect(Array(first.vocabulary.tokens.prefix(old)) == base.vocabulary.tokens)
    #expect(first.vocabulary.tokens.dropFirst(old) == ["and", "boat", "pilot", "harbour"])
    for tensor in base.parameters {
      let (found, elements) = (try Self.elements(first, tensor.name), try tensor.elements)
      #expect(found.prefix(tensor.elementCount) == elements[...], "\(tensor.name)")
      let rows = ["embedding.weight": 4 * 9, "decoder.weight": 4 * 21, "decoder.bias": 4][tensor.name] ?? 0
      #expect(found.count == tensor.elementCount + rows)
      if rows > 0 {
        let width = rows / 4
        let mean = (0..<width).map { column in
          stride(from: column, to: tensor.elementCount, by: width).reduce(0.0) { $0 + Double(elements[$1]) }
            / Double(old)
        }
        for (index, element) in found.dropFirst(tensor.elementCount).enumerated() {
          #expect(abs(Double(element) - mean[index % width]) < 1e-6, "\(tensor.name)")
        }
      }
    }
    #expect(try first.moments.values.joined().allSatisfy { try $0.elements.allSatisfy { $0 == 0 } })

    let file = workspace.path("base/checkpoints/step-00000090.h5")
    #expect(outcome.errors.contains("\nfrom        \(file), step 90\n"))
    #expect(outcome.errors.contains("\ntaken over  embedding, rnn, decoder; rows added for 4 words\n"))
    #expect(!outcome.errors.contains("drawn anew"))
    // What inspect says is what the file is.
    _ = try workspace.shell("sha256sum base/checkpoints/step-00000090.h5 | cut -c1-64 | tr -d '\\n' >hash")
    let inspected = try workspace.succeed(["inspect", "--json", "run/checkpoints/last.h5"]).output
    let origin = try #require(try JSONSerialization.jsonObject(with: Data(inspected.utf8)) as? [String: Any])["origin"]
    let fields = try #require(origin as? [String: Any])
    #expect(fields["checkpoint"] as? String == file && fields["step"] as? Int == 90)
    #expect(try fields["sha256"] as? String == workspace.text("hash"))
    #expect(try workspace.text("run/config.cfg").contains("from: \(file)"))
    try workspace.succeed(["report", "run"])
    #expect(try workspace.text("run/report.html").contains(workspace.text("hash")))
    try workspace.succeed(["evaluate", "--checkpoint", "run"])
  }

  /// The old words' ids stay, and what is new is unknown.
  @Test func withoutExtensionNothingIsAdded() throws {
    let workspace = try Self.workspace()
    try workspace.succeed(Self.second + ["--from", "base/checkpoints/last.h5", "data.vocabulary.extend=false"])
    #expect(try workspace.lastCheckpoint().vocabulary == workspace.lastCheckpoint(of: "base").vocabulary)
    #expect(try workspace.text("run/train.log").contains("taken over  embedding, rnn, decoder\n"))
  }

  @Test func anotherOutputLayerIsDrawnAnew() throws {
    let workspace = try Self.workspace()
    try workspace.succeed(
      Self.second + ["--from", "base", "model.output={kind: class, classes: 5}", "output.keep=99"])
    #expect(try workspace.text("run/train.log").contains("taken over  embedding, rnn; rows added for 4 words\n"))
    #expect(try workspace.text("run/train.log").contains("drawn anew  decoder\n"))
    let (base, first) = (try workspace.lastCheckpoint(of: "base"), try Self.firstCheckpoint(in: workspace))
    #expect(try Self.elements(first, "rnn.weight_hh_l0") == Self.elements(base, "rnn.weight_hh_l0"))
    #expect(try Self.elements(first, "decoder.weight").prefix(21) != Self.elements(base, "decoder.weight").prefix(21))
  }

  @Test func taggerTakesOverALanguageModelsLayers() throws {
    let workspace = try Self.workspace()
    let tagger = [
      "train", "--config", "tagger.cfg", "--from", "base", "model={embedding: 9, hidden: 21}", "output.keep=99",
    ]
    let outcome = try workspace.succeed(tagger)
    #expect(outcome.errors.contains("\ntaken over  embedding, rnn\ndrawn anew  decoder\n"))
    let (base, first) = (try workspace.lastCheckpoint(of: "base"), try Self.firstCheckpoint(in: workspace))
    #expect(first.vocabulary == base.vocabulary)
    #expect(try Self.elements(first, "embedding.weight") == Self.elements(base, "embedding.weight"))
    #expect(try Self.elements(first, "rnn.weight_ih_l0") == Self.elements(base, "rnn.weight_ih_l0"))
    #expect(first.tagging?.columns[0].tags == ["ADJ", "DET", "NOUN", "PUNCT", "VERB", "X"])
  }

  /// A tag, a word and characters that the first treebank doesn't have, in a place before its own in every order.
  @Test func taggerKeepsItsTagsAndCharacters() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=1", "output.directory=base"])
    let sentence = ["the\tDET", "ÀB\tAAA", "likes\tVERB", ".\tPUNCT"].enumerated().map { index, line in
      let (word, tag) = (line.split(separator: "\t")[0], line.split(separator: "\t")[1])
      return "\(index + 1)\t\(word)\t_\t\(tag)\t_\t_\t_\t_\t_\t_\n"
    }.joined()
    try workspace.write(String(repeating: sentence + "\n", count: 20), to: "second.conllu")
    let arguments = ["train", "--config", "tagger.cfg", "--from", "base", "data.train=second.conllu", "output.keep=99"]
    let refused = try workspace.run(arguments)
    #expect(refused.code == 65)
    #expect(refused.errors.contains("second.conllu: the tagger that the run begins with has no tag AAA; "))
    #expect(!workspace.exists("run"))

    let outcome = try workspace.succeed(arguments + ["data.vocabulary.extend=true"])
    #expect(outcome.errors.contains("; rows added for 1 word, 1 tag, 2 characters\n"))
    let (base, first) = (try workspace.lastCheckpoint(of: "base"), try Self.firstCheckpoint(in: workspace))
    let (old, new) = (try #require(base.tagging), try #require(first.tagging))
    #expect(new.columns[0].tags == old.columns[0].tags + ["AAA"])
    #expect(new.characters.tokens == old.characters.tokens + ["B", "À"])
    #expect(new.trainingWords.tokens == old.trainingWords.tokens + ["ÀB"])
    for name in ["decoder.weight", "decoder.bias", "character_embedding.weight", "character_rnn.weight_hh_l0"] {
      let elements = try Self.elements(base, name)
      #expect(try Self.elements(first, name).prefix(elements.count) == elements[...], "\(name)")
    }
    try workspace.succeed(["tag", "--checkpoint", "run", "second.conllu"])
  }

  // MARK: refusals

  @Test func whatDoesNotFitIsRefusedByName() throws {
    let workspace = try Self.workspace()
    try workspace.write("not a checkpoint\n", to: "other.h5")
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data.h5"])
    _ = try workspace.shell("head -c 5000 base/checkpoints/best.h5 >damaged.h5")
    try workspace.succeed(
      ["prepare", "--config", "lm.cfg", "data={train: second.txt, tokens: whitespace}", "--output", "foreign.h5"])
    let cell =
      "model.cell is elman in it and lstm here, model.layers is 1 in it and 2 here, model.activation is tanh in it and absent"
    let cases: [(arguments: [String], message: String)] = [
      (["model.hidden=22"], "only where its layers are the same: model.hidden is 21 in it and 22 here\n"),
      (
        ["model.hidden=[21, 9]"],
        "only where its layers are the same: model.hidden is 21 in it and [21, 9] here, model.layers is 1 in it and 2 here\n"
      ),
      (["model.cell=lstm", "model.layers=2"], "only where its layers are the same: \(cell) here\n"),
      (["data.tokens=character"], "are the same: data.tokens is whitespace in it and character here\n"),
      (["training.freeze=[rnn.l1]"], "training.freeze: no parameter is called rnn.l1; did you mean rnn.l0?"),
      (["data={dataset: foreign.h5}"], "data.dataset: its words, tags or characters aren't numbered as in the model"),
      (["model.vectors=second.txt"], "model.vectors=second.txt: embeddings begin with those of model.from"),
      (["--from", "data.h5"], "data.h5 is not an rnn-train checkpoint: its format is rnn-train dataset"),
      (["--from", "other.h5"], "other.h5"),
      (["--from", "damaged.h5"], "damaged.h5"),
      (["--from", "nowhere"], "model.from='nowhere': no such file or directory: "),
      (["model.from=nowhere"], "model.from=nowhere: no such file or directory: "),
      (["--from", "cache"], "cache: no checkpoint can be used: there is none"),
      (["model.from=null", "data.vocabulary.extend=true"], "adds to what the model knows that a run begins with"),
    ]
    for (arguments, message) in cases {
      let from = arguments.contains { $0.hasPrefix("--from") || $0.hasPrefix("model.from") } ? [] : ["--from", "base"]
      let outcome = try workspace.run(["train", "--config", "lm.cfg"] + from + arguments)
      #expect(outcome.code == 65, "\(arguments)")
      #expect(outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(arguments): \(outcome.errors)")
      #expect(outcome.output.isEmpty && !workspace.exists("run"))
    }
    for arguments in [
      ["--resume", "base", "--from", "base"], ["--resume", "base", "--resume-or-begin"], ["--from", "base"],
    ] {
      #expect(try workspace.run(["train"] + arguments).code == 64, "\(arguments)")
    }
  }

  /// Clusters that would move are refused, and stay with the setting that the message names.
  @Test(arguments: ["adaptive", "class"])
  func clustersStayWhereTheyAre(kind: String) throws {
    let workspace = try Self.workspace()
    let output = "model.output.kind=\(kind)"
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1", "output.directory=base2", output])
    let words = (0..<40).map { "word\($0) word\($0)\n" }.joined()
    try workspace.write(words + words, to: "second.txt")
    let arguments = Self.second + ["--from", "base2", output]
    let refused = try workspace.run(arguments)
    #expect(refused.code == 65 && !workspace.exists("run"))
    #expect(
      refused.errors.contains("model.output: the clusters of the output layer \(kind) follow from the number of words"))
    let remedy = try #require(refused.errors.firstMatch(of: /give (model\.output\.cutoffs=\[.*?\])|leave .* out/))
    let setting = remedy.1.map { String($0) } ?? "data.vocabulary.extend=false"
    let outcome = try workspace.succeed(arguments + [setting])
    #expect(outcome.errors.contains("taken over  embedding, rnn, decoder"))
  }

  // MARK: what stays as it is

  @Test func frozenParametersStay() throws {
    let workspace = try Self.workspace()
    try workspace.succeed(
      Self.second + [
        "--from", "base", "output.keep=99", "training.freeze=[embedding, rnn.l0]", "training.optimizer={name: adam}",
      ])
    let (first, last) = (try Self.firstCheckpoint(in: workspace), try workspace.lastCheckpoint())
    for tensor in first.parameters {
      let isFrozen = !tensor.name.hasPrefix("decoder")
      #expect(try (Self.elements(last, tensor.name) == tensor.elements) == isFrozen, "\(tensor.name)")
      for moment in last.moments.values {
        let elements = try #require(moment.first { $0.name == tensor.name }).elements
        #expect(elements.allSatisfy { $0 == 0 } == isFrozen, "\(tensor.name)")
      }
    }
    #expect(try workspace.text("run/train.log").contains("\nfrozen      embedding, rnn.l0\n"))
  }

  // MARK: the same bits

  private static let tagger = [
    "train", "--config", "tagger.cfg", "data.vocabulary.extend=true", "data.vocabulary.min_count=1",
    "training.epochs=30",
  ]

  /// Killed twice, gone on with by other numbers of threads, without naming where it began.
  @Test(arguments: [second + ["model.hidden=150", "training.epochs=4"], tagger])
  func killedAndResumedEqualsUninterrupted(begin: [String]) throws {
    let workspace = try Workspace()
    let isTagger = begin.contains("tagger.cfg")
    try workspace.succeed(
      ["--config", isTagger ? "tagger.cfg" : "lm.cfg", "training.epochs=1", "output.directory=base"]
        + begin.filter { $0.hasPrefix("model.") })
    let text = (0..<900).map { "the old pilot\($0 % 7) sees a garden and a boat .\n" }
    try workspace.write(text.joined(), to: "second.txt")
    let arguments = begin + ["--from", "base", "training.freeze=embedding", "output.checkpoint_every=3"]
    try workspace.succeed(arguments + ["--threads", "3"])
    try FileManager.default.moveItem(atPath: workspace.path("run"), toPath: workspace.path("straight"))
    for kill in 0..<2 {
      let program = try workspace.start(kill == 0 ? arguments : ["train", "--resume", "run", "--threads", "1"])
      let before = try Self.newest(in: workspace)
      while try Self.newest(in: workspace) <= before, program.isRunning { usleep(500) }
      program.send(SIGKILL)
      #expect(try program.wait().wasKilled)
    }
    // The other run is of no more use.
    try FileManager.default.removeItem(atPath: workspace.path("base"))
    let outcome = try workspace.succeed(["train", "--resume", "run", "--threads", "2"])
    #expect(outcome.errors.contains("resumed"))
    for name in ["last", "best"] {
      #expect(try workspace.bytes("run/checkpoints/\(name).h5") == workspace.bytes("straight/checkpoints/\(name).h5"))
    }
    #expect(try workspace.metrics() == workspace.metrics(of: "straight"))
  }

  private static func newest(in workspace: Workspace) throws -> String {
    guard workspace.exists("run/checkpoints") else { return "" }
    return try workspace.names(in: "run/checkpoints").last { $0.hasPrefix("step-") } ?? ""
  }

  /// A run that was cut off before its first checkpoint begins with the same parameters, whatever is the other's best one by
  /// now.
  @Test func cutOffAtItsBeginning() throws {
    let workspace = try Self.workspace()
    try workspace.succeed(Self.second + ["--from", "base"])
    let reference = try workspace.bytes("run/checkpoints/last.h5")
    for name in ["checkpoints", "metrics.jsonl"] {
      try FileManager.default.removeItem(atPath: workspace.path("run/\(name)"))
    }
    try workspace.succeed(["train", "--resume", "base", "training.epochs=2", "output.keep=9"])
    try workspace.succeed(["train", "--resume", "run"])
    #expect(try workspace.bytes("run/checkpoints/last.h5") == reference)
  }

  // MARK: begin or go on

  @Test func oneLineBeginsGoesOnAndEnds() throws {
    let workspace = try Self.workspace()
    let line = Self.second + ["--from", "base", "--resume-or-begin", "model.hidden=21"]
    try workspace.succeed(line + ["--pause-after", "1"])
    #expect(try workspace.lastCheckpoint().state.epoch == 1)
    // By now it isn't needed any more.
    try FileManager.default.removeItem(atPath: workspace.path("base"))
    let resumed = try workspace.succeed(line)
    #expect(resumed.errors.contains("resumed") && resumed.output.contains("test perplexity"))
    #expect(try workspace.lastCheckpoint().state.epoch == 2)

    let before = try workspace.metrics()
    let done = try workspace.succeed(line)
    #expect(done.errors == "nothing to do: the run has finished\n" && done.output.isEmpty)
    #expect(try workspace.metrics() == before)
    // More epochs are more to do; another model is another run.
    try workspace.succeed(line + ["training.epochs=3"])
    #expect(try workspace.lastCheckpoint().state.epoch == 3)
    let other = try workspace.run(line + ["model.embedding=10"])
    #expect(other.code == 65 && other.errors.contains("a run can't go on with another model.embedding"))
  }

  @Test func oneOfTwoIsRefused() throws {
    let workspace = try Workspace()
    let line = ["train", "--config", "lm.cfg", "--resume-or-begin", "training.epochs=1000"]
    let first = try workspace.start(line)
    while !workspace.exists("run/checkpoints/last.h5"), first.isRunning { usleep(1000) }
    let second = try workspace.run(line)
    #expect(second.code == 73 && second.errors.contains("run"))
    first.send(SIGTERM)
    #expect(try first.wait().code == 143)
  }
}
