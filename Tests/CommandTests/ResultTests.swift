import Foundation
import Testing
import Training

/// What commands print, on standard output and for programs.
struct ResultTests {
  private static func trained(_ arguments: [String] = []) throws -> Workspace {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"] + arguments)
    return workspace
  }

  private static func object(_ outcome: Outcome) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test func trainingReportsItsResult() throws {
    let workspace = try Workspace()
    let outcome = try workspace.succeed(["--config", "lm.cfg", "--threads", "2"])
    for name in ["best epoch", "validation loss", "validation perplexity", "test perplexity", "tokens trained"] {
      #expect(("\n" + outcome.output).contains("\n\(name) "), "\(name)")
    }
    #expect(outcome.output.contains("\n  \(Program.path) generate --checkpoint run\n"))
    #expect(outcome.errors.contains("vocabulary 30\n"))
    #expect(outcome.errors.contains("2 threads"))
    #expect(outcome.errors.contains("\nepoch 1/2  train loss "))
    #expect(!outcome.errors.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }, "no control characters")
    #expect(try workspace.text("run/train.log") == outcome.errors)
  }

  @Test func quietRunsLogAllTheSame() throws {
    let workspace = try Workspace()
    let outcome = try workspace.succeed(["--config", "lm.cfg", "--quiet"])
    #expect(outcome.errors.isEmpty)
    #expect(try workspace.text("run/train.log").contains("\nepoch 2/2  train loss "))
    #expect(outcome.output.contains("test perplexity"))
  }

  @Test func evaluationIsOneObject() throws {
    let workspace = try Self.trained()
    let test = try Self.object(workspace.succeed(["evaluate", "--checkpoint", "run", "--json"]))
    #expect(
      Set(test.keys) == [
        "split", "targets", "nats_per_target", "perplexity", "words", "perplexity_per_word", "bytes",
        "perplexity_per_byte",
        "bits_per_byte", "bits_per_character", "unknown_targets", "streams",
      ])
    #expect(test["split"] as? String == "test")
    #expect(test["targets"] as? Int == 390)
    #expect(test["streams"] as? Int == 10)
    #expect(test["unknown_targets"] as? Int == 0)
    let nats = try #require(test["nats_per_target"] as? Double)
    let perplexity = try #require(test["perplexity"] as? Double)
    #expect(abs(exp(nats) - perplexity) < 1e-9 * perplexity)
    // Seven words a sentence, two or more equally likely ones for most: no model can be below 2 nor an idle one above 30.
    #expect((2...30).contains(perplexity))
    #expect(try workspace.succeed(["evaluate", "--checkpoint", "run"]).output.contains("perplexity "))
  }

  @Test func evaluationAgreesWithTraining() throws {
    let workspace = try Self.trained()
    let validation = try Self.object(
      workspace.succeed(["evaluate", "--checkpoint", "run", "--split", "validation", "--json"]))
    let losses = try workspace.lastCheckpoint().state.validationMeasures
    #expect(validation["nats_per_target"] as? Double == losses.min())
    // The same text by another way.
    let data = try Self.object(
      workspace.succeed([
        "evaluate", "--checkpoint", "run", "--data", SampleText.directory + "/validation.txt", "--streams", "10",
        "--json",
      ]))
    #expect(data["nats_per_target"] as? Double == losses.min())
    let one = try Self.object(
      workspace.succeed(["evaluate", "--checkpoint", "run", "--streams", "1", "--json", "--threads", "1"]))
    #expect(one["streams"] as? Int == 1)
    #expect(one["targets"] as? Int == 399)
  }

  /// Validation, checkpoints and commands see the means of the parameters, steps the parameters themselves.
  @Test func averagedModelsAreWhatCommandsUse() throws {
    let plain = try Self.trained(["training.epochs=3"]).lastCheckpoint()
    let workspace = try Self.trained(["training.epochs=3", "training.averaging={name: mean, start: 2}"])
    let last = try workspace.lastCheckpoint()
    #expect(last.moments[Checkpoint.unaveraged] == plain.parameters)
    #expect(last.parameters != plain.parameters)
    let losses = last.state.validationMeasures
    #expect(
      losses.dropLast() == plain.state.validationMeasures.dropLast()
        && losses.last != plain.state.validationMeasures.last)
    let validation = try Self.object(
      workspace.succeed(["evaluate", "--checkpoint", "run/checkpoints/last.h5", "--split", "validation", "--json"]))
    #expect(validation["nats_per_target"] as? Double == losses.last)
    #expect(try workspace.succeed(["inspect", "run/checkpoints/last.h5"]).output.contains(", unaveraged\n"))
  }

  @Test(arguments: [("0.999", true), ("0.95", false)])
  func meansThatDragBehindAreNoticed(decay: String, isNoticed: Bool) throws {
    let workspace = try Self.trained(["training.averaging.decay=\(decay)"])
    let notice =
      "the mean is of about 1,000 steps, and the run has 180: it drags behind; a smaller training.averaging.decay "
    #expect(try workspace.text("run/train.log").contains(notice) == isNoticed)
  }

  @Test(arguments: [(100, true), (50, false)])
  func warmupsThatFillTheRunAreNoticed(steps: Int, isNoticed: Bool) throws {
    let workspace = try Self.trained(["training.schedule={name: cosine, warmup: \(steps)}"])
    let notice = "the learning rate rises for \(steps) steps, and the run has 180: it learns little; "
    #expect(try workspace.text("run/train.log").contains(notice) == isNoticed)
  }

  @Test func averagingBeginsWhenValidationStopsGettingBetter() throws {
    let workspace = try Self.trained([
      "training.epochs=12", "training.averaging={name: nt-asgd, interval: 1}", "training.optimizer.learning_rate=3",
      "model.hidden=60",
    ])
    let log = try workspace.text("run/train.log")
    #expect(log.contains("\naveraging  nt-asgd, interval 1\n"), "\(log)")
    let lines = log.split(separator: "\n").filter { $0.hasPrefix("epoch ") || $0.hasPrefix("validation has stopped") }
    let losses = try workspace.lastCheckpoint().state.validationMeasures
    let trigger = try #require(losses.indices.dropFirst(2).first { losses[..<($0 - 1)].min() ?? 0 < losses[$0] })
    #expect(lines[trigger + 1].hasPrefix("validation has stopped getting better: "), "\(log)")
    #expect(try workspace.lastCheckpoint().moments[Checkpoint.unaveraged] != nil)
  }

  @Test func validationStandsInForTest() throws {
    let workspace = try Workspace()
    try workspace.write(
      "data: {train: \(SampleText.directory)/train.txt, validation: {split: 0.1}}\nmodel: {hidden: 8}\n", to: "own.cfg")
    try workspace.succeed(["--config", "own.cfg", "training.epochs=1"])
    let outcome = try workspace.succeed(["evaluate", "--checkpoint", "runs/own", "--json"])
    #expect(try Self.object(outcome)["split"] as? String == "validation")
    #expect(outcome.errors.contains("there is no test split"))
    let refused = try workspace.run(["evaluate", "--checkpoint", "runs/own", "--split", "test"])
    #expect(
      refused.code == 65 && refused.errors.contains("there is train and validation; choose by --split"), "\(refused)")
  }

  @Test(arguments: [("validation.txt", false), ("train.txt", true), ("{split: 0.4}", false)])
  func measuringOnTheTrainingTextIsNoticed(validation: String, isNoticed: Bool) throws {
    let workspace = try Workspace()
    let path = validation.hasPrefix("{") ? validation : "\(SampleText.directory)/\(validation)"
    try workspace.write(
      "data: {train: \(SampleText.directory)/train.txt, validation: \(path)}\nmodel: {hidden: 8}\n", to: "own.cfg")
    let outcome = try workspace.succeed(["--config", "own.cfg", "training.epochs=1"])
    #expect(outcome.errors.contains("validation split: it is the training text once more") == isNoticed, "\(outcome)")
  }

  @Test func generationIsAFunctionOfTheSeed() throws {
    let workspace = try Self.trained()
    func text(_ arguments: String...) throws -> String {
      try workspace.succeed(["generate", "--checkpoint", "run", "--length", "40"] + arguments).output
    }
    let first = try text()
    #expect(try text("--seed", "1") == first)
    #expect(try text("--seed", "2") != first)
    #expect(first.hasSuffix("\n"))
    #expect(try text("--temperature", "0", "--seed", "3") == text("--top-k", "1", "--seed", "4"))
    #expect(try text("--prompt", "the old").hasPrefix("the old "))
    let unknown = try workspace.succeed(["generate", "--checkpoint", "run", "--prompt", "the zebra"])
    #expect(unknown.output.hasPrefix("the zebra "), "the echo is what was typed")
    #expect(unknown.errors == "the model doesn't know 1 of the prompt's 2 tokens: zebra\n")
  }

  @Test(arguments: [
    "{kind: class}", "{kind: adaptive}", "{kind: adaptive, cutoffs: [3, 7], div_value: 2}",
    "{kind: sampled, samples: 20}",
  ])
  func outputLayersForLargeVocabulariesAreModelsLikeAnyOther(output: String) throws {
    let workspace = try Self.trained(["model.output=\(output)"])
    let test = try Self.object(workspace.succeed(["evaluate", "--checkpoint", "run", "--json"]))
    // The bounds of `evaluationIsOneObject`: they hold for distributions that sum to one.
    #expect((2...30).contains(try #require(test["perplexity"] as? Double)))
    let text = try workspace.succeed(["generate", "--checkpoint", "run", "--length", "40"]).output
    #expect(text.split { $0.isWhitespace }.count > 20)
    #expect(try workspace.succeed(["generate", "--checkpoint", "run", "--length", "40"]).output == text)
  }

  @Test func lossesOverSamplesAreCalledThat() throws {
    let workspace = try Workspace()
    let outcome = try workspace.succeed(["--config", "lm.cfg", "model.output={kind: sampled, samples: 20}"])
    #expect(outcome.errors.contains("  sampled train loss "))
    #expect(!outcome.errors.contains("  train loss "))
  }

  @Test func closedPipeEndsQuietly() throws {
    let workspace = try Self.trained()
    let command = "\(Program.path) generate --checkpoint run --length 1000000 2>errors | head -1 >line"
    #expect(try workspace.shell("set -o pipefail; \(command)") == 0)
    #expect(try workspace.text("errors").isEmpty)
    #expect(try workspace.text("line").count > 1)
  }

  @Test func shownConfigurationReproducesItself() throws {
    let workspace = try Workspace()
    let shown = try workspace.succeed(["config", "show", "lm.cfg", "model.hidden=7"]).output
    #expect(shown.contains("hidden: 7\n"))
    try FileManager.default.createDirectory(atPath: workspace.path("deep/er"), withIntermediateDirectories: true)
    try workspace.write(shown, to: "deep/er/copy.cfg")
    #expect(try workspace.succeed(["config", "show", "deep/er/copy.cfg"]).output == shown)
    #expect(try workspace.succeed(["config", "check", "deep/er/copy.cfg"]).output == "deep/er/copy.cfg is valid\n")
    let keys = try workspace.succeed(["config", "keys"]).output
    #expect(keys.contains("\ntraining: ") && keys.contains("\n  batch_size "))
    // Into a pipe as well.
    #expect(keys.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  /// The steps of an engine that diverged are no work of the one that went on.
  @Test func speedAfterRollbacksIsThatOfTheStepsThatWereTimed() throws {
    let workspace = try Workspace()
    let outcome = try workspace.succeed([
      "--config", "lm.cfg", "--explain-speed", "model={embedding: 64, hidden: 128, activation: relu}",
      "training={epochs: 1, batch_size: 45, bptt: 8, clip_norm: 0, on_divergence: rollback, rollbacks: 30, "
        + "optimizer: {learning_rate: 1000}}",
    ])
    #expect(outcome.errors.components(separatedBy: "with half the learning rate").count > 5, "\(outcome.errors)")
    let text = outcome.errors + outcome.output
    let rate = try #require(text.firstMatch(of: #/([0-9.]+) GFLOP/s: /#)?.1)
    let milliseconds = text.matches(of: #/[0-9.]+% +([0-9.]+) /#).compactMap { Double($0.1) }.reduce(0, +)
    // 80 timesteps of 45 streams; 6 FLOP for each weight between layers.
    let expected = 6 * Double(128 * (64 + 128) + 128 * 30) * 45 * 8 / 1e6
    let found = try #require(Double(rate)) * milliseconds
    #expect(abs(found / expected - 1) < 0.2, "\(found) of \(expected): \(text)")
  }

  @Test func preparedDatasetTrainsTheSameModel() throws {
    let workspace = try Workspace()
    let summary = try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data/set.h5"]).output
    #expect(summary.contains("\ntrain            450  3,600    0.0%\n"), "\(summary)")
    #expect(summary.contains("\ndataset     data/set.h5\n"))
    try workspace.write("data: {dataset: data/set.h5}\n", to: "dataset.cfg")
    let settings = ["model={embedding: 9, hidden: 21}", "training.epochs=1"]
    try workspace.succeed(["--config", "dataset.cfg", "output.directory=a"] + settings)
    try workspace.succeed(["--config", "lm.cfg", "output.directory=b", "training={epochs: 1}", settings[0]])
    #expect(try workspace.lastCheckpoint(of: "a").parameters == workspace.lastCheckpoint(of: "b").parameters)
    let cached = try workspace.succeed(["prepare", "--config", "lm.cfg"]).output
    #expect(cached.contains("\ndataset     \(workspace.path("cache/rnn-train"))/"))
  }

  @Test func inspectionKnowsAllKinds() throws {
    let workspace = try Self.trained()
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data.h5"])
    let dataset = try Self.object(workspace.succeed(["inspect", "data.h5", "--json"]))
    #expect(dataset["format"] as? String == "rnn-train dataset")
    #expect(dataset["vocabulary"] as? Int == 30)
    #expect((dataset["splits"] as? [[String: Any]])?.map { $0["tokens"] as? Int } == [3600, 480, 400])

    let checkpoint = try Self.object(workspace.succeed(["inspect", "run/checkpoints/best.h5", "--json"]))
    let parameters = try #require(checkpoint["parameters"] as? [[String: Any]])
    let shapes = Dictionary(
      uniqueKeysWithValues: parameters.map { ($0["name"] as? String ?? "", $0["shape"] as? [Int] ?? []) })
    #expect(
      shapes == [
        "embedding.weight": [30, 9], "rnn.weight_ih_l0": [21, 9], "rnn.weight_hh_l0": [21, 21],
        "rnn.bias_ih_l0": [21], "decoder.weight": [30, 21], "decoder.bias": [30],
      ])
    #expect(checkpoint["optimizer"] as? [String] == ["momentum_buffer"])

    let run = try Self.object(workspace.succeed(["inspect", "run", "--json"]))
    #expect((run["last_metrics"] as? [String: Any])?["step"] as? Int == 180)
    let checkpoints = try #require(run["checkpoints"] as? [[String: Any]])
    #expect(checkpoints.last?["is_last"] as? Bool == true)
    #expect(checkpoints.count { $0["is_best"] as? Bool == true } == 1)
    for path in ["data.h5", "run/checkpoints/best.h5", "run"] {
      #expect(try workspace.succeed(["inspect", path]).output.hasPrefix("format "))
    }
  }

  /// What was shown on the terminal is kept, and stays the run's last word when the run goes on.
  @Test(arguments: ["lm.cfg", "tagger.cfg"])
  func theTestResultIsKept(configuration: String) throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", configuration])
    func results() throws -> [[String: Any]] {
      try workspace.text("run/metrics.jsonl").split(separator: "\n").compactMap { line in
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return object?["kind"] as? String == "test" ? object : nil
      }
    }
    let evaluation = try Self.object(workspace.succeed(["evaluate", "--checkpoint", "run", "--json"]))
    let result = try #require(try results().last)
    #expect(try results().count == 1)
    #expect(result["test_loss"] as? Double == evaluation["nats_per_target"] as? Double)
    #expect(result["test_accuracy"] as? Double == evaluation["accuracy"] as? Double)
    let best = try CheckpointFile.read(workspace.path("run/checkpoints/best.h5"))
    #expect(result["checkpoint_step"] as? Int == best.state.step)

    let inspected = try Self.object(workspace.succeed(["inspect", "run", "--json"]))
    #expect((inspected["test"] as? [String: Any])?["test_loss"] as? Double == result["test_loss"] as? Double)
    #expect((inspected["last_metrics"] as? [String: Any])?["kind"] as? String == "epoch")
    #expect(try workspace.succeed(["inspect", "run"]).output.contains(/\ntest (perplexity|accuracy)/))
    try workspace.succeed(["report", "run"])
    #expect(try workspace.text("run/report.html").contains(/Test (perplexity|accuracy)/))

    try workspace.succeed(["train", "--resume", "run"])
    #expect(try results().count == 1)
    try workspace.succeed(["train", "--resume", "run", "training.epochs=3"])
    #expect(try results().map { $0["epoch"] as? Int } == [3])
    #expect(try workspace.text("run/metrics.jsonl").split(separator: "\n").last?.contains("\"kind\":\"test\"") == true)
  }

  @Test func benchmarkIsOneObject() throws {
    let workspace = try Workspace()
    try workspace.write("data: {synthetic: {vocabulary: 50}}\nmodel: {hidden: 16}\n", to: "speed.cfg")
    let outcome = try workspace.succeed([
      "benchmark", "--config", "speed.cfg", "--seconds", "0.1", "--threads", "2", "--json",
    ])
    let object = try Self.object(outcome)
    #expect(
      Set(object.keys) == [
        "tokens_per_second", "gflops", "threads", "isa", "parameters", "peak_memory_bytes", "activation_bytes", "steps",
        "phases", "serial_milliseconds",
      ])
    let phases = try #require(object["phases"] as? [[String: Any]])
    #expect(phases.compactMap { $0["kind"] as? String }.contains("backward"))
    // The norm is taken of parts, and then of all.
    #expect(phases.first { $0["kind"] as? String == "norm" }?["barriers"] as? Double == 2)
    #expect(phases.allSatisfy { ($0["jobs"] as? Double ?? 0) >= ($0["barriers"] as? Double ?? .infinity) })
    #expect((object["tokens_per_second"] as? Double ?? 0) > 0)
    #expect(object["threads"] as? Int == 2)
    #expect(!workspace.exists("runs"), "a benchmark leaves nothing behind")
  }

  @Test func versionAndHelp() throws {
    let workspace = try Workspace()
    let version = try workspace.succeed(["--version"]).output
    #expect(version.hasPrefix("rnn-train "))
    #expect(version.contains(/\ninstruction set: [a-z0-9]+; this machine has .*scalar\n$/))
    let forced = try workspace.succeed(["--version"], environment: ["RNN_TRAIN_ISA": "scalar"]).output
    #expect(forced.contains("\ninstruction set: scalar; "))
    let help = try workspace.succeed(["--help"]).output
    for command in ["train (default)", "prepare", "evaluate", "generate", "inspect", "sweep", "config", "benchmark"] {
      #expect(help.contains("\n  \(command) "), "\(command)")
    }
  }

  @Test func speedIsExplained() throws {
    let workspace = try Workspace()
    let benchmark = ["benchmark", "--config", "lm.cfg", "--seconds", "0", "--threads", "1"]
    let explained = try workspace.succeed(benchmark + ["--explain-speed"]).output
    for phase in ["forward", "output", "backward", "reduce", "norm", "update", "between"] {
      #expect(explained.contains("\n\(phase) "), "\(explained)")
    }
    #expect(explained.contains("that the product kernels reach alone on 1 thread\n"), "\(explained)")
    #expect(try workspace.run(benchmark + ["--explain-speed", "--json"]).code == 64)
    #expect(try workspace.succeed(["--config", "lm.cfg", "--explain-speed"]).errors.contains("ms a step"))
  }
}
