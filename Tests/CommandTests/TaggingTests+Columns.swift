import Foundation
import Testing
import Training

/// Taggers that learn several columns at once.
extension TaggingTests {
  /// A checkpoint of a program that knew no other taggers: one of 40 sentences with `data.tags: upos`, tiny, as it was written
  /// then, and what that program made of six others.
  @Test func aCheckpointFromBeforeThereWereSeveralColumns() throws {
    let workspace = try Workspace()
    let golden = try #require(Bundle.module.resourceURL).appendingPathComponent("Golden")
    for name in ["one-column.h5", "one-column.conllu"] {
      try FileManager.default.copyItem(
        at: golden.appendingPathComponent(name), to: workspace.directory.appendingPathComponent(name))
    }
    let tagged = try String(contentsOf: golden.appendingPathComponent("one-column.tagged.conllu"), encoding: .utf8)
    #expect(try workspace.succeed(["tag", "one-column.h5", "one-column.conllu"]).output == tagged)
    let json = try workspace.succeed(["evaluate", "one-column.h5", "--data", "one-column.conllu", "--json"]).output
    struct Report: Decodable { let accuracy: Double }
    #expect(try JSONDecoder().decode(Report.self, from: Data(json.utf8)).accuracy == 48.0 / 66)
    #expect(try workspace.succeed(["inspect", "one-column.h5"]).output.contains("parameters"))
  }

  /// The sample treebanks with features: universal ones, some that aren't, and none.
  private static func withFeatures() throws -> Workspace {
    let workspace = try Workspace()
    var count = 0
    for split in ["train", "validation", "test"] {
      let text = try String(contentsOfFile: "\(SampleText.directory)/\(split).conllu", encoding: .utf8)
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        var fields = line.components(separatedBy: "\t")
        guard fields.count == 10, Int(fields[0]) != nil else { return String(line) }
        let isSingular = fields[1].utf8.count.isMultiple(of: 2)
        switch fields[3] {
        case "NOUN": fields[5] = isSingular ? "Gender=Fem|Number=Sing" : "Number=Plur"
        case "VERB": fields[5] = "\(isSingular ? "Number=Sing|" : "")Typo=Yes"
        // Nothing tells when.
        case "DET", "ADJ":
          count += 1
          fields[5] = (count * count).isMultiple(of: 3) ? "Typo=Yes" : "_"
        default: break
        }
        return fields.joined(separator: "\t")
      }
      try workspace.write(lines.joined(separator: "\n"), to: "\(split).conllu")
    }
    return workspace
  }

  private static let files = ["train", "validation", "test"].map { "data.\($0)=\($0).conllu" }

  private static func trainedOnColumns(_ arguments: [String] = []) throws -> Workspace {
    let workspace = try withFeatures()
    try workspace.succeed(
      ["--config", "tagger.cfg", "data.tags=[upos, xpos, feats]", "training.epochs=2"] + files + arguments)
    return workspace
  }

  /// UPOS, XPOS and FEATS of every word.
  private func columns(_ treebank: String) -> [[String]] {
    fields(treebank).filter { $0.count == 10 && Int($0[0]) != nil }.map { Array($0[3...5]) }
  }

  @Test func severalColumnsAreLearnedMeasuredAndFilled() throws {
    let workspace = try Self.trainedOnColumns()
    let gold = try workspace.text("test.conllu")
    let bare = fields(gold).map { fields in
      guard fields.count == 10 else { return fields.joined(separator: "\t") }
      return (fields[..<3] + ["A", "_", "B=C|D"] + fields[6...]).joined(separator: "\t")
    }.joined(separator: "\n")
    let tagged = try tag(workspace, input: bare)
    #expect(try tag(workspace, input: gold) == tagged, "what stood there doesn't matter")
    func others(_ text: String) -> [[String]] {
      fields(text).map { $0.count == 10 ? Array($0[..<3] + $0[6...]) : $0 }
    }
    #expect(others(tagged) == others(gold))
    let known = Set(try columns(workspace.text("train.conllu")))
    #expect(known.count > 8 && Set(columns(tagged)).isSubset(of: known), "no word's tags are new together")

    // By the definitions of conll18_ud_eval.py, which reads the two files.
    let pairs = Array(zip(columns(gold), columns(tagged)))
    let universal: Set = ["Gender", "Number"]
    func universalFeatures(_ tag: String) -> Set<String> {
      Set(tag.components(separatedBy: "|").filter { universal.contains($0.components(separatedBy: "=")[0]) })
    }
    func share(_ isRight: (_ gold: [String], _ given: [String]) -> Bool) -> Double {
      Double(pairs.count { isRight($0.0, $0.1) }) / Double(pairs.count)
    }
    let expected = [
      "UPOS": share { $0[0] == $1[0] }, "XPOS": share { $0[1] == $1[1] },
      "UFeats": share { universalFeatures($0[2]) == universalFeatures($1[2]) },
      "AllTags": share { $0[..<2] == $1[..<2] && universalFeatures($0[2]) == universalFeatures($1[2]) },
    ]
    struct Column: Decodable {
      let tokens: Int
      let accuracy: Double
      let natsPerTarget: Double
    }
    struct Report: Decodable {
      let upos: Column
      let xpos: Column
      let feats: Column
      let all: Column
      let conll2018: [String: Double]
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let json = try workspace.succeed(["evaluate", "run", "--json"]).output
    let report = try decoder.decode(Report.self, from: Data(json.utf8))
    #expect(report.conll2018 == expected)
    #expect(report.upos.accuracy == expected["UPOS"] && report.xpos.accuracy == expected["XPOS"])
    #expect(report.feats.accuracy == share { $0[2] == $1[2] })
    #expect(report.all.accuracy == share(==) && report.all.tokens == pairs.count && report.feats.tokens == pairs.count)
    #expect(report.feats.accuracy < expected["UFeats"] ?? 0 && report.all.accuracy < expected["AllTags"] ?? 0)
    let nats = [report.upos, report.xpos, report.feats].map(\.natsPerTarget).reduce(0, +)
    #expect(abs(report.all.natsPerTarget - nats) < 1e-9 * nats)
    let text = try workspace.succeed(["evaluate", "run"]).output
    for name in ["UPOS", "XPOS", "UFeats", "AllTags", "FEATS", "all together"] { #expect(text.contains(name)) }

    // As a run says and draws it, and what can't be done.
    let metrics = try #require(try workspace.metrics().last { $0.contains("validation_accuracy") })
    for column in ["", "_upos", "_xpos", "_feats"] { #expect(metrics.contains("\"validation_accuracy\(column)\":")) }
    #expect(try workspace.succeed(["inspect", "run/checkpoints/last.h5"]).output.contains("tags in FEATS  "))
    try workspace.succeed(["report", "run"])
    #expect(try workspace.text("run/report.html").contains("Errors: FEATS"))
    let words = try tag(workspace, input: "the old cat\n")
    #expect(words.split(separator: " ").allSatisfy { $0.split(separator: "/").count == 4 }, "\(words)")
    let probabilities = try workspace.run(["tag", "run", "--probabilities", "test.conllu"])
    #expect(probabilities.code == 64 && probabilities.errors.contains("one column"), "\(probabilities)")
    for format in ["onnx", "safetensors", "pytorch"] {
      let refused = try workspace.run(["export", "run", "--format", format])
      #expect(refused.code == 65 && refused.errors.contains("a tagger of several columns"), "\(refused)")
    }
    let columns = try workspace.run(["tag", "run", "--output", "columns", "test.conllu"])
    #expect(columns.code == 64 && columns.output.isEmpty && columns.errors.contains("3 columns"), "\(columns)")
  }

  /// Interrupted and resumed, on any number of threads, and without the dataset's cache: the same bits.
  @Test func severalColumnsGoOnWithTheSameBits() throws {
    let whole = try Self.trainedOnColumns(["training.epochs=2", "training.tag_weights=[1, 0.5, 2]"])
    let workspace = try Self.withFeatures()
    let settings = ["--config", "tagger.cfg", "data.tags=[upos, xpos, feats]", "training.tag_weights=[1, 0.5, 2]"]
    try workspace.succeed(settings + ["training.epochs=1", "--threads", "2"] + Self.files)
    try FileManager.default.removeItem(atPath: workspace.path("cache"))
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2", "--threads", "1"])
    let (a, b) = (try whole.lastCheckpoint(), try workspace.lastCheckpoint())
    #expect(a.parameters == b.parameters)
    #expect(a.tagging == b.tagging && a.tagging?.columns.map(\.column) == [.upos, .xpos, .feats])
    #expect(a.tagging?.combinations.isEmpty == false)
    #expect(try whole.metrics() == workspace.metrics())
  }

  /// One from before tags went together goes on as it was, with each column by itself.
  @Test func aRunWithoutCombinationsGoesOnWithout() throws {
    let workspace = try Self.trainedOnColumns(["training.epochs=1"])
    let run = workspace.directory.appendingPathComponent("run")
    let file = run.appendingPathComponent("checkpoints/last.h5").resolvingSymlinksInPath().path
    var checkpoint = try CheckpointFile.read(file)
    #expect(checkpoint.tagging?.combinations.isEmpty == false)
    checkpoint.tagging?.combinations = []
    try CheckpointFile.write(checkpoint, to: file)
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2"])
    #expect(try workspace.lastCheckpoint().tagging?.combinations == [])
    // A run that begins with it has those of its own text.
    try workspace.succeed(
      ["train", "--from", "run", "--config", "tagger.cfg", "data.tags=[upos, feats]", "training.epochs=1"]
        + ["output.directory=child"] + Self.files)
    #expect(try workspace.lastCheckpoint(of: "child").tagging?.combinations.isEmpty == false)
  }

  /// A run of one column gives another one of several its layers and that column's output.
  @Test func severalColumnsBeginWithARunOfOne() throws {
    let workspace = try Self.withFeatures()
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=1", "output.directory=one"] + Self.files)
    let outcome = try workspace.succeed(
      ["train", "--from", "one", "--config", "tagger.cfg", "data.tags=[upos, feats]", "training.epochs=1"] + Self.files)
    #expect(outcome.errors.contains("decoder_1"), "\(outcome)")
    #expect(try workspace.lastCheckpoint().parameters.contains { $0.name == "decoder_1.weight" })
  }

  @Test func whatSeveralColumnsCantBe() throws {
    let workspace = try Self.withFeatures()
    for (settings, message) in [
      (["data.tags=[upos, upos]"], "each once"), (["data.tags=[upos, morph]"], "expected upos, xpos or feats"),
      (["data.tags=[upos, feats]", "training.tag_weights=[1]"], "expected a number for each of 2 columns, found 1"),
      (["data.tags=[upos, feats]", "data.format=columns"], "has one tag for each word"),
    ] {
      let refused = try workspace.run(["--config", "tagger.cfg"] + Self.files + settings)
      #expect(refused.code == 65 && refused.errors.contains(message), "\(settings): \(refused)")
      #expect(!workspace.exists("run"))
    }
    // The sample treebanks themselves have no features.
    let none = try workspace.run(["--config", "tagger.cfg", "data.tags=[upos, feats]"])
    #expect(none.code == 65 && none.errors.contains("expected tags in the FEATS column, found none"), "\(none)")
  }
}
