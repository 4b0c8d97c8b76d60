import Foundation
import Testing
import Training

/// `evaluate` with a model that follows the text.
struct AdaptationTests {
  private static func trained(_ configuration: String = "lm.cfg", _ arguments: [String] = []) throws -> Workspace {
    let workspace = try Workspace()
    try workspace.succeed(["--config", configuration] + arguments)
    return workspace
  }

  private static func object(_ outcome: Outcome) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test func theResultSaysHowTheModelFollowed() throws {
    let workspace = try Self.trained()
    let checkpoint = try workspace.bytes("run/checkpoints/best.h5")
    let arguments = ["evaluate", "run", "--dynamic", "--dynamic-rate", "1e-4", "--cache", "60"]
    let first = try workspace.succeed(arguments + ["--json", "--threads", "1"])
    #expect(first.errors.contains("training text for the RMS of its gradients"))
    let result = try Self.object(first)
    #expect(result["streams"] as? Int == 1)
    #expect(result["targets"] as? Int == 399)
    let dynamic = try #require(result["dynamic"] as? [String: Any])
    #expect(dynamic["rate"] as? Double == 1e-4)
    #expect(dynamic["segment"] as? Int == 5)
    #expect(dynamic["is_normalized"] as? Bool == true)
    let cache = try #require(result["cache"] as? [String: Any])
    #expect(cache["size"] as? Int == 60)
    // The same bits, and the training text is read once.
    for threads in ["2", "3"] {
      let again = try workspace.succeed(arguments + ["--json", "--threads", threads])
      #expect(again.output == first.output && again.errors.isEmpty, "\(threads) threads")
    }
    #expect(try workspace.succeed(arguments).output.contains("\ncache "))
    #expect(try workspace.bytes("run/checkpoints/best.h5") == checkpoint)
    #expect(
      try workspace.names(in: "run")
        == ["checkpoints", "config.cfg", "metrics.jsonl", "run.lock", "sessions.jsonl", "train.log"])
    let streams = try Self.object(workspace.succeed(arguments + ["--json", "--streams", "3"]))
    #expect(streams["streams"] as? Int == 3)
  }

  @Test func nothingThatMovesIsTheModelItself() throws {
    let workspace = try Self.trained("lm.cfg", ["model.output.kind=sampled", "model.output.samples=9"])
    let still = try Self.object(workspace.succeed(["evaluate", "run", "--streams", "1", "--json"]))
    let dynamic = try Self.object(workspace.succeed(["evaluate", "run", "--dynamic", "--dynamic-rate", "0", "--json"]))
    #expect(still["dynamic"] == nil)
    #expect(still["cache"] == nil)
    let expected = try #require(still["nats_per_target"] as? Double)
    let unmoved = try #require(dynamic["nats_per_target"] as? Double)
    // Sums of other windows' losses.
    #expect(abs(unmoved - expected) < 1e-12)
    let sgd = try Self.object(workspace.succeed(["evaluate", "run", "--dynamic", "--dynamic-sgd", "--json"]))
    let nats = try #require(sgd["nats_per_target"] as? Double)
    #expect(nats < expected)
  }

  @Test func theTrainingTextMayBeElsewhereOrNowhere() throws {
    let workspace = try Workspace()
    for name in ["train", "validation", "test"] {
      try workspace.write(
        String(contentsOfFile: "\(SampleText.directory)/\(name).txt", encoding: .utf8), to: "\(name).txt")
    }
    try workspace.succeed([
      "--config", "lm.cfg", "data.train=train.txt", "data.validation=validation.txt", "data.test=test.txt",
    ])
    let arguments = ["evaluate", "run", "--data", "test.txt", "--json"]
    let expected = try workspace.succeed(arguments + ["--dynamic"]).output
    _ = try workspace.shell("mv train.txt elsewhere.txt; rm -r cache")
    let outcome = try workspace.run(arguments + ["--dynamic"])
    #expect(outcome.code != 0)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("--training-text FILE"))
    #expect(outcome.errors.contains("--dynamic-sgd"))
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(try workspace.succeed(arguments + ["--dynamic", "--training-text", "elsewhere.txt"]).output == expected)
    try workspace.succeed(arguments + ["--dynamic", "--dynamic-sgd"])
    try workspace.succeed(arguments + ["--cache", "20"])
    for split in ["test", "validation"] {
      let outcome = try workspace.run([
        "evaluate", "run", "--split", split, "--dynamic", "--training-text", "elsewhere.txt",
      ])
      #expect(outcome.code == 74 && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.errors.contains("train.txt") && outcome.errors.contains("--data FILE"), "\(outcome)")
    }
  }

  @Test func whatIsOutOfRangeIsRefused() throws {
    let workspace = try Self.trained()
    let refused: [[String]] = [
      ["--dynamic", "--dynamic-rate", "-1"], ["--dynamic", "--dynamic-rate", "nan"],
      ["--dynamic", "--dynamic-decay", "1.5"], ["--dynamic", "--dynamic-segment", "0"], ["--dynamic-rate", "1"],
      ["--dynamic-sgd"], ["--dynamic", "--dynamic-sgd", "--training-text", "lm.cfg"], ["--training-text", "lm.cfg"],
      ["--cache", "0"], ["--cache", "1e3"], ["--cache", "9", "--cache-weight", "1"],
      ["--cache", "9", "--cache-theta", "inf"], ["--cache", "9", "--cache-theta", "1e39"],
      ["--cache-theta", "1"], ["--cache-weight", "0.1"],
    ]
    for arguments in refused {
      let outcome = try workspace.run(["evaluate", "run"] + arguments)
      #expect(outcome.code == 64 && outcome.output.isEmpty, "\(arguments): \(outcome)")
    }
    let outcome = try workspace.run(["evaluate", "run", "--dynamic", "--dynamic-sgd", "--dynamic-rate", "1e38"])
    #expect(outcome.code == 75 && outcome.output.isEmpty && outcome.errors.contains("lower the rate"), "\(outcome)")
  }

  @Test(arguments: [("0.1", false), ("100", true)])
  func aModelThatRunsAwayIsNoticed(rate: String, isNoticed: Bool) throws {
    let workspace = try Self.trained()
    let following = ["--dynamic", "--dynamic-sgd", "--dynamic-rate", rate, "-q"]
    for arguments in [["evaluate", "run"], ["score", "run", SampleText.directory + "/test.txt", "--carry"]] {
      let outcome = try workspace.succeed(arguments + following)
      #expect(outcome.errors.contains("lower --dynamic-rate") == isNoticed, "\(outcome.errors)")
    }
  }

  @Test func scoresFollowToo() throws {
    let workspace = try Self.trained()
    let arguments = ["score", "run", SampleText.directory + "/test.txt", "--json", "--carry"]
    let still = try workspace.succeed(arguments + ["-q"]).output
    let following = arguments + ["-q", "--dynamic", "--cache", "60"]
    let first = try workspace.succeed(following + ["--threads", "1"]).output
    #expect(try workspace.succeed(following + ["--threads", "3"]).output == first)
    #expect(first != still)
    #expect(first.split(separator: "\n").count == 50)
    let said = try workspace.succeed(arguments + ["--cache", "60"]).errors
    #expect(said.contains("the model follows the text"))
    let list = try workspace.run(["score", "run", "--n-best", "--cache", "60"], input: "a the cat\n")
    #expect(list.code == 64)
    #expect(list.output.isEmpty)
  }

  @Test func taggersDoNotFollow() throws {
    let workspace = try Self.trained("tagger.cfg")
    for arguments in [["--dynamic"], ["--cache", "100"]] {
      let outcome = try workspace.run(["evaluate", "run"] + arguments)
      #expect(outcome.code == 64 && outcome.errors.contains("is for language models"), "\(outcome)")
      let score = try workspace.run(["score", "run"] + arguments, input: "the cat\n")
      #expect(score.code == 64 && score.output.isEmpty, "\(score)")
    }
  }
}
