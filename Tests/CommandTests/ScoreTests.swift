import Foundation
import Testing

/// Log-probabilities of lines, as a user sees them. One test after the other, since they share a directory.
@Suite(.serialized) struct ScoreTests {
  /// A trained language model, which all tests only look at; it lives as long as the process.
  private static let shared = Result { try Shared() }

  private final class Shared: @unchecked Sendable {
    // Unchecked: one test at a time uses it.
    let workspace: Workspace

    init() throws {
      workspace = try Workspace(in: URL(fileURLWithPath: SampleText.directory))
      try workspace.succeed(["--config", "lm.cfg", "data.vocabulary.min_count=40"])
    }
  }

  private struct Score: Decodable {
    let logProbability: Double
    let logProbabilityKnown: Double
    let tokens: Int
    let unknown: Int
    let tokenLogProbabilities: [Double]?
    let tokenTexts: [String]?
    let id: String?
    let utterance: String?
    let text: String?
    let acousticScore: Double?
    let total: Double?
  }

  private func score(_ arguments: [String], _ input: String) throws -> Outcome {
    try Self.shared.get().workspace.run(["score", "--checkpoint", "run"] + arguments, input: input)
  }

  private func objects(_ arguments: [String], _ input: String) throws -> [Score] {
    let outcome = try score(["--json"] + arguments, input)
    try #require(outcome.code == 0, "\(outcome)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try outcome.output.split(separator: "\n").map { try decoder.decode(Score.self, from: Data($0.utf8)) }
  }

  private static let text =
    "the old cat sees\n\n\tthe <unk> zebra </s>\r\n" + "the cat . " + String(repeating: "no ", count: 99)

  // MARK: lines

  @Test func aLineHasThreeColumns() throws {
    let objects = try objects([], Self.text)
    #expect(objects.map(\.tokens) == [5, 1, 4, 103])
    #expect(objects.map(\.unknown) == [0, 0, 2, 0])
    #expect(objects[0].logProbability == objects[0].logProbabilityKnown)
    #expect(objects[2].logProbability < objects[2].logProbabilityKnown)
    let factors: [(String, Double)] = [("e", 1), ("2", log(2.0)), ("10", log(10.0))]
    for (base, factor) in factors {
      let outcome = try score(["--base", base], Self.text)
      let rows = outcome.output.split(separator: "\n").map { $0.split(separator: "\t").compactMap { Double($0) } }
      #expect(rows.map { Array($0[1...]) } == objects.map { [Double($0.tokens), Double($0.unknown)] })
      for (row, object) in zip(rows, objects) { #expect(abs(row[0] - object.logProbability / factor) < 1e-6) }
    }
    let header = try score([], Self.text).errors
    #expect(header.hasPrefix("columns: log-probability (natural); tokens, the line's end among them; unknown words"))
    #expect(header.contains("each line begins with the zero state after \"</s>\"\n"), "\(header)")
    #expect(header.contains("4 lines, 113 tokens, 2 unknown; log-probability "), "\(header)")
    #expect(try score(["-q"], Self.text).errors.isEmpty)
    #expect(try score([], "").output.isEmpty)
  }

  @Test func tokensHaveValuesOfTheirOwn() throws {
    let objects = try objects(["--tokens"], Self.text)
    for object in objects { #expect(object.tokenLogProbabilities?.reduce(0, +) == object.logProbability) }
    #expect(objects[2].tokenTexts == ["the", "<unk>", "zebra", "</s>"])
    let output = try score(["--tokens", "--base", "2"], Self.text).output
    let blocks = output.components(separatedBy: "\n\n").dropLast().map { $0.components(separatedBy: "\n") }
    #expect(blocks.map(\.count) == objects.map { $0.tokens + 1 })
    let last = blocks[2].map { $0.components(separatedBy: "\t") }
    #expect(last[1...].map { $0[0] } == ["the", "<unk>", "zebra", "</s>"])
    #expect(last[1...].map { $0.count == 3 ? $0[2] : "" } == ["", "<unk>", "<unk>", ""])
    for (row, value) in zip(last[1...], objects[2].tokenLogProbabilities ?? []) {
      #expect(abs((Double(row[1]) ?? 0) - value / log(2)) < 1e-6)
    }
  }

  /// A text that goes on from line to line is what `evaluate` reads as one stream, but for the first token.
  @Test func carriedLinesAreWhatEvaluateMeasures() throws {
    let file = "\(SampleText.directory)/test.txt"
    let workspace = try Self.shared.get().workspace
    let lines = try objects(["--carry", "--tokens", file], "")
    let report = try workspace.succeed(["evaluate", "run", "--data", file, "--streams", "1", "--json"]).output
    let values = try #require(try JSONSerialization.jsonObject(with: Data(report.utf8)) as? [String: Any])
    let tokens = lines.reduce(0) { $0 + $1.tokens }
    #expect(values["targets"] as? Int == tokens - 1)
    #expect(values["unknown_targets"] as? Int == lines.reduce(0) { $0 + $1.unknown })
    // `evaluate` begins with the first word, and no sentence's end before it.
    let perplexity = exp(-lines.reduce(0) { $0 + $1.logProbability } / Double(tokens))
    #expect(abs(perplexity / (values["perplexity"] as? Double ?? 0) - 1) < 0.02)
    #expect(try objects([file], "").map(\.logProbability) != lines.map(\.logProbability))
  }

  @Test func charactersCountTheNewlineAndSayWhereThereIsNone() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "data.tokens=character", "training.epochs=1"])
    let outcome = try workspace.succeed(["score", "run", "--tokens"], input: "a\tb\n")
    #expect(
      outcome.output.split(separator: "\n").map { $0.split(separator: "\t")[0] }.dropFirst() == [
        "a", "\\t", "b", "\\n",
      ])
    #expect(outcome.errors.contains("after the newline\n"))
    try workspace.write(String(repeating: "abcaacab", count: 200), to: "line.txt")
    try workspace.succeed([
      "--config", "lm.cfg", "data.tokens=character", "data.train=line.txt", "data.validation={split: 0.1}",
      "data.test={split: 0.1}",
      "output.directory=other", "evaluation.streams=1", "training.epochs=1",
    ])
    let other = try workspace.succeed(["score", "other"], input: "abc\n")
    #expect(other.errors.contains("after the most frequent token, \"a\", and a line's end is unknown\n"), "\(other)")
    #expect(other.output.hasSuffix("\t4\t1\n"), "\(other)")
  }

  // MARK: n-best lists

  private static let list = "a-1 -3 the cat\na-2 -4 the old cat sees the mouse .\nb-1 -9\nb-2 -10 the the the\n"

  @Test func aListIsRanked() throws {
    let scores = try objects(["--n-best", "--weight", "2", "--all"], Self.list)
    #expect(scores.map(\.acousticScore).compactMap { $0 }.sorted() == [-10, -9, -4, -3])
    for score in scores {
      #expect(score.total == (score.acousticScore ?? 0) + 2 * score.logProbability)
      #expect(score.id?.hasPrefix(score.utterance ?? "-") == true)
    }
    for utterance in ["a", "b"] {
      let totals = scores.filter { $0.utterance == utterance }.compactMap(\.total)
      #expect(totals.count == 2 && totals[0] >= totals[1])
    }
    let rows = scores.map { "\($0.id ?? "") \(String(format: "%.6f", $0.total ?? 0)) \($0.text ?? "")" }
    let all = try score(["--n-best", "--weight", "2", "--all"], Self.list).output
    #expect(all == rows.map { $0.trimmingCharacters(in: [" "]) + "\n" }.joined())
    let best = try score(["--n-best", "--weight", "2"], Self.list).output
    #expect(
      best.split(separator: "\n").map { String($0) }
        == [0, 2].map { "\(scores[$0].utterance ?? "") \(scores[$0].text ?? "")".trimmingCharacters(in: [" "]) })
    // All that counts is the list's own scores then.
    let own = try score(["--n-best", "--weight", "0"], Self.list).output
    #expect(own == "a the cat\nb\n")
    // What comes out is a list again.
    #expect(try score(["--n-best", "--weight", "0", "--all"], all).output.split(separator: "\n").count == 4)
  }

  @Test func aNumberBehindEachIdIsSuspicious() throws {
    let outcome = try score(["--n-best", "-q"], Self.list)
    #expect(
      outcome.code == 0 && outcome.errors.hasPrefix("a number follows each id, and is taken for a word; --weight "))
    #expect(
      try score(["--n-best"], "a-1 the cat\n").errors == "1 line, 1 utterance; ranked by log-probability (natural)\n")
  }

  // MARK: what goes wrong

  @Test(arguments: [
    (["--n-best"], "a-1 x\n\na-2 y\n", 65, "standard input:2: expected `utterance-id text`, found an empty line"),
    (
      ["--n-best", "--weight", "1"], "a-1 -1 x\na-2 the\n", 65,
      "standard input:2: expected `utterance-id score text`, found \"the\" instead of a finite number"
    ),
    (["--n-best"], "", 65, "standard input: expected at least one token, found none"),
    (["none.txt"], "", 74, "none.txt: can't open: No such file or directory"),
    (["-", "more"], "", 64, "more: expected one file, found another one"),
    (["--json", "--base", "2"], "", 64, "--json is in nats: expected no --base 2 with it"),
    (["--weight", "-1"], "", 64, "--weight: expected --n-best with it"),
    (["--n-best", "--weight", "inf"], "", 64, "--weight inf: expected a finite number"),
    (["--n-best", "--carry"], "", 64, "--carry: hypotheses of a list don't go on where others ended"),
    (["--n-best", "--tokens"], "", 64, "--tokens: expected --json as well, where the text is a list"),
  ])
  func aFaultIsOneLine(arguments: [String], input: String, code: Int32, line: String) throws {
    let outcome = try score(["-q"] + arguments, input)
    #expect(outcome.code == code && outcome.output.isEmpty)
    #expect(outcome.errors.split(separator: "\n").first.map { String($0) } == "rnn-train: \(line)", "\(outcome)")
    #expect(code == 64 || outcome.errors.split(separator: "\n").count == 1)
  }

  @Test func otherModelsAreRefused() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=1", "model.residual=false", "model.layers=1"])
    let outcome = try workspace.run(["score", "run", "--json"], input: "the cat\n")
    #expect(outcome.code == 65 && outcome.output.isEmpty)
    #expect(
      outcome.errors.hasSuffix(".h5: expected the checkpoint of a language model, found one of another task\n"),
      "\(outcome)")
  }

  /// Lines that were whole stay, and nothing is said when nobody reads on.
  @Test func brokenTextAndPipes() throws {
    let workspace = try Self.shared.get().workspace
    let program = "'\(Program.path)' score -q run"
    #expect(
      try workspace.shell("(yes the cat | head -50000; printf 'x\\xe9\\n') | \(program) > broken.out 2> broken.err")
        == 65)
    let lines = try workspace.text("broken.out")
    #expect(lines.hasSuffix("\n") && lines.split(separator: "\n").allSatisfy { $0.split(separator: "\t").count == 3 })
    #expect(try workspace.text("broken.err").hasPrefix("rnn-train: standard input: not UTF-8 at byte 400001"))
    #expect(
      try workspace.shell("yes the cat | \(program) 2> pipe.err | head -1 > pipe.out; exit ${PIPESTATUS[1]}") == 0)
    #expect(try workspace.text("pipe.err").isEmpty && workspace.text("pipe.out").split(separator: "\n").count == 1)
  }
}
