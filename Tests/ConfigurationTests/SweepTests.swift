import Configuration
import ConfigurationFiles
import Foundation
import Models
import Tasks
import Testing

/// The sweep file: what it means, and what a user reads about one that is wrong.
@Suite struct SweepTests {
  private static let minimal = "base: lm.cfg\nparameters:\n  model.hidden: {values: [8, 16]}\n"

  private static func parse(_ text: String) throws(ConfigurationError) -> SweepConfiguration {
    try SweepConfiguration.parse(text: text, name: "sweep.cfg", directory: "/experiments")
  }

  private static func complaints(_ text: String) -> [String] {
    do {
      _ = try parse(text)
      return []
    } catch {
      return error.description.split(separator: "\n").map(String.init)
    }
  }

  @Test func defaultsAreFilledIn() throws {
    let sweep = try Self.parse(Self.minimal)
    #expect(
      sweep.render() == """
        base: /experiments/lm.cfg
        method: grid
        metric:
          name: validation_loss
          goal: minimize
        trials: 10
        seed: 1
        parameters:
          model.hidden:
            values:
              - 8
              - 16
        output:
          directory: sweeps/sweep

        """)
  }

  @Test(arguments: [
    minimal,
    """
    {base: /x/lm.cfg, method: asha, min_epochs: 2, reduction_factor: 4, trials: 9, parameters: {
      training.optimizer: {values: [{name: sgd, momentum: 0.9}, {name: adam}]},
      model.dropout: {min: 1e-4, max: 1, distribution: log_uniform},
      data.train: {values: ["a b.txt", [c.txt, "d, e.txt"]]}, training.early_stopping: {values: [null, {patience: 2}]}}}
    """,
  ])
  func renderingReproducesItself(text: String) throws {
    let rendered = try Self.parse(text).render()
    let again = try SweepConfiguration.parse(text: rendered, name: "copy.cfg", directory: "/elsewhere")
    #expect(again.render() == rendered)
    #expect(again.parameters.map(\.key) == (try Self.parse(text)).parameters.map(\.key))
    #expect(
      again.parameters.map { $0.values?.map(\.text) }
        == (try Self.parse(text)).parameters.map { $0.values?.map(\.text) })
  }

  @Test(arguments: [
    (
      "model.hiden: {values: [8]}",
      "3:3: parameters.model.hiden: not a key of a run's configuration; did you mean model.hidden?"
    ),
    ("hidden: {values: [8]}", "3:3: parameters.hidden: not a key of a run's configuration; did you mean model.hidden?"),
    ("output.directory: {values: [a]}", "3:3: parameters.output.directory: every trial has a directory of its own"),
    ("model.hidden: {values: []}", "3:26: parameters.model.hidden.values: expected a list of values, found a list"),
    ("model.hidden: {value: [8]}", "3:18: parameters.model.hidden.value: unknown key; did you mean values?"),
    ("model.hidden: {min: 8}", "3:17: parameters.model.hidden: expected {values: […]} or {min: …, max: …}"),
    ("model.hidden: {min: 8, max: 8}", "3:17: parameters.model.hidden: expected a min below the max"),
    (
      "model.hidden: {min: 0.5, max: 8}",
      "3:17: parameters.model.hidden: takes whole numbers; expected a whole min and max"
    ),
    ("model.cell: {min: 1, max: 2}", "3:15: parameters.model.cell: takes no numbers; give values: […]"),
    (
      "model.dropout: {min: 0, max: 1, distribution: log_uniform}",
      "3:18: parameters.model.dropout: log_uniform needs a min above 0"
    ),
    (
      "model.dropout: {min: 0, max: 1, distribution: log}",
      "3:49: parameters.model.dropout.distribution: expected uniform or log_uniform, found 'log'"
    ),
    ("model: {values: [{}]}\n  model.layers: {values: [1]}", "4:3: parameters.model.layers: overlaps with model"),
    (
      "model.dropout: {min: 0, max: 1}",
      "3:3: parameters.model.dropout: a grid needs values; give values: […], or choose the method random"
    ),
  ])
  func wrongParameters(parameter: String, complaint: String) {
    #expect(Self.complaints("base: lm.cfg\nparameters:\n  \(parameter)\n") == ["sweep.cfg:" + complaint])
  }

  @Test(arguments: [
    ("", "sweep.cfg:1:1: base: missing; expected a run's configuration"),
    (
      "base: lm.cfg\nmethod: asha\n",
      "sweep.cfg:1:1: parameters: missing; expected the keys that change, and their values"
    ),
    ("metod: grid\n", "sweep.cfg:1:1: metod: unknown key; did you mean method?"),
    ("min_epochs: 3\n", "sweep.cfg:1:1: min_epochs: belongs to asha; the method is grid"),
    (
      "metric: {name: validation_los}\n",
      "sweep.cfg:1:16: metric.name: expected validation_loss, train_loss or validation_accuracy, found 'validation_los'; did you mean validation_loss?"
    ),
  ])
  func wrongFiles(text: String, complaint: String) {
    #expect(Self.complaints(text).contains(complaint), "\(Self.complaints(text))")
  }

  @Test func aMetricHasItsOwnGoal() throws {
    func goal(_ metric: String) throws -> Measure.Goal {
      try Self.parse("metric: \(metric)\n" + Self.minimal).metric.goal
    }
    #expect(try goal("{name: train_loss}") == .minimize)
    #expect(try goal("{name: validation_accuracy}") == .maximize)
    #expect(try goal("{name: validation_accuracy, goal: minimize}") == .minimize)
    #expect(try goal("{goal: maximize}") == .maximize)
  }

  @Test func tooLargeGridsAreRefused() {
    let values = (1...101).map(String.init).joined(separator: ", ")
    let text =
      "base: lm.cfg\nparameters: {model.hidden: {values: [\(values)]}, model.embedding: {values: [\(values)]}}\n"
    #expect(Self.complaints(text) == ["sweep.cfg:2:14: parameters: more than 10000 combinations"])
  }

  // MARK: trials

  /// Configurations of trials over a base in a directory of its own.
  private static func configurations(
    base: String, parameters: String, _ trials: [[Assignment]], method: String = "grid"
  ) throws -> [RunConfiguration] {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("rnn-train-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let text = "data: {train: text.txt, validation: text.txt}\n" + base
    for (name, text) in [("base.cfg", text), ("text.txt", "a b\n"), ("other.txt", "c d\n")] {
      try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    }
    let sweep = try SweepConfiguration.parse(
      text: "base: base.cfg\nmethod: \(method)\nparameters: \(parameters)\n", name: "sweep.cfg",
      directory: directory.path)
    return try sweep.configurations(of: trials, file: "sweep.cfg")
  }

  @Test func anAlternativeTakesTheBasesKeysOfOthersOut() throws {
    let trials = ["elman", "lstm"].map { [Assignment(key: "model.cell", value: $0)] }
    let found = try Self.configurations(
      base: "model: {cell: elman, activation: relu}\n", parameters: "{model.cell: {values: [elman, lstm]}}", trials)
    #expect(found.map { CellKey(wrappedValue: $0.model.cell) } == [Elman(.relu), LSTM()].map(CellKey.init))
    #expect(throws: ConfigurationError.self) {
      try Self.configurations(
        base: "model: {cell: elman, activaton: relu}\n", parameters: "{model.cell: {values: [elman, lstm]}}", trials)
    }
  }

  @Test func pathsAreThoseOfTheSweepFile() throws {
    let trials = [[Assignment(key: "data.train", value: "other.txt")]]
    let found = try Self.configurations(base: "", parameters: "{data.train: {values: [other.txt]}}", trials)
    guard case .text(let corpus) = found[0].data else { return #expect(Bool(false), "\(found[0].data)") }
    #expect(corpus.train[0].hasPrefix("/") && corpus.train[0].hasSuffix("/other.txt"))
  }

  @Test func whatIsWrongWithAnyTrialIsSaidAtOnce() {
    let values = ["8", "0", "x", "0"]
    let trials = values.map { [Assignment(key: "model.hidden", value: $0)] }
    let error = #expect(throws: ConfigurationError.self) {
      try Self.configurations(base: "", parameters: "{model.hidden: {values: [8, 0, x, 0]}}", trials)
    }
    #expect(
      error?.description == """
        sweep.cfg:3:41: model.hidden: expected a whole number from 1 to 65536, or a list of up to 64 of them, one for each layer, found '0'
        sweep.cfg:3:44: model.hidden: expected a whole number from 1 to 65536, or a list of up to 64 of them, one for each layer, found 'x'
        """)
  }

  @Test func conflictsWithTheBaseNameTheTrial() throws {
    let error = #expect(throws: ConfigurationError.self) {
      try Self.configurations(
        base: "training: {optimizer: {nesterov: true, momentum: 0.5}}\n",
        parameters: "{training.optimizer.momentum: {values: [0.5, 0, 0.0]}}",
        ["0.5", "0", "0.0"].map { [Assignment(key: "training.optimizer.momentum", value: $0)] })
    }
    let line = try #require(error?.description)
    #expect(line.hasPrefix("sweep.cfg:3:14: parameters: trial 1 (training.optimizer.momentum=0): /"))
    #expect(line.hasSuffix("/base.cfg:2:24: training.optimizer.nesterov: needs a momentum above 0"), "\(line)")
  }

  @Test func trialsThatCannotBeComparedAreRefused() throws {
    let error = #expect(throws: ConfigurationError.self) {
      try Self.configurations(
        base: "", parameters: "{training.epochs: {values: [1, 2]}}",
        ["1", "2"].map { [Assignment(key: "training.epochs", value: $0)] }, method: "asha")
    }
    #expect(
      error?.description.hasSuffix("asha compares trials after the same epochs; take training.epochs out") == true)
    let other = #expect(throws: ConfigurationError.self) {
      try Self.configurations(
        base: "", parameters: "{data.validation: {values: [null]}}",
        [[Assignment(key: "data.validation", value: "null")]])
    }
    #expect(
      other?.description == "sweep.cfg:1:1: metric: validation_loss needs data.validation in every trial")
  }
}
