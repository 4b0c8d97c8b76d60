import Configuration
import ConfigurationFiles
import Keys
import Models
import Optimizers
import Tasks
import Testing

/// How values are read from YAML, and which defaults stand where nothing is written.
@Suite struct ValueTests {
  @Test(arguments: [
    ("1", 1), ("1.5", 1.5), ("1e-3", 1e-3), ("1E+2", 100), (".5", 0.5), (".5e3", 500), ("5.", 5), ("+2", 2), ("007", 7),
  ])
  func numbers(text: String, expected: Double) throws {
    #expect(try parse(minimal + "training: {clip_norm: \(text)}\n").training.clipNorm == expected)
  }

  @Test(arguments: [
    "1_000", "0x10", ".nan", ".inf", "nan", "inf", "1e", "1 2", "'1'", "1,5", "--1", "٣", "1:30", "1e400",
  ])
  func notNumbers(text: String) {
    let lines = complaints(minimal + "training:\n  clip_norm: \(text)\n", "output.keep=\(text)")
    #expect(lines.contains { $0.hasPrefix("lm.cfg:4:14: training.clip_norm: expected a number of at least 0, found") })
    #expect(lines.contains { $0.contains("expected a whole number from 1 to 1000000, found") })
  }

  @Test(arguments: ["1.0", "1e3", "12345678901234567890", "0b1"])
  func notWholeNumbers(text: String) {
    #expect(
      complaints(minimal, "seed=\(text)") == [
        "seed=\(text): expected a whole number of at least 0, found '\(text)'"
      ])
  }

  @Test(arguments: [
    ("90s", 90, "1m30s"), ("45m", 2700, "45m"), ("2h30m", 9000, "2h30m"), ("1d", 86_400, "1d"),
    ("1d2h3m4s", 93_784, "1d2h3m4s"), ("36h", 129_600, "1d12h"), ("999999999s", 999_999_999, "11574d1h46m39s"),
    // In JSON, which is YAML, there is no other way to write one.
    ("\"1h\"", 3600, "1h"),
  ])
  func durations(text: String, seconds: Int, rendered: String) throws {
    let configuration = try parse(minimal, "training.time_limit=\(text)")
    #expect(configuration.training.timeLimit == .seconds(seconds))
    #expect(configuration.render().contains("\n  time_limit: \(rendered)\n"))
  }

  @Test(arguments: [
    ("90", "; give it a unit: 90s or 90m"), ("0s", ""), ("1.5h", ""), ("2h 30m", ""), ("30m2h", ""), ("1h1h", ""),
    ("h", ""), ("-1h", ""), ("1000000000s", ""), ("1w", ""), ("٣h", ""),
  ])
  func notDurations(text: String, hint: String) {
    #expect(
      complaints(minimal, "training.time_limit=\(text)") == [
        "training.time_limit=\(text): expected a duration such as 90s, 45m, 2h30m or 1d, found '\(text)'\(hint)"
      ])
  }

  @Test func rollbacksBelongToRollback() throws {
    #expect(try parse(minimal, "training.on_divergence=rollback").training.onDivergence == .rollback(limit: 5))
    #expect(
      complaints(minimal, "training.rollbacks=3") == [
        "training.rollbacks=3: belongs to rollback; the policy is stop"
      ])
  }

  @Test(arguments: ["no", "off", "1", "1e3", "true", "2024-01-01", "'null'", "\"\\u0041\""])
  func whateverStandsWhereAStringBelongsIsAString(text: String) throws {
    let expected = ["'null'": "null", "\"\\u0041\"": "A"][text] ?? text
    #expect(try parse(minimal + "output: {directory: \(text)}\n").output.directory == expected)
  }

  @Test func defaults() throws {
    let configuration = try parse("data: {train: a.txt}\n")
    #expect(configuration.seed == 1)
    #expect(configuration.task is LanguageModel)
    #expect(configuration.model.cell == Elman(.tanh))
    #expect(configuration.model.embedding == 128)
    #expect(configuration.training.batchSize == 32)
    #expect(configuration.training.shards == 1)
    #expect(configuration.training.bptt == 35)
    #expect(configuration.training.optimizer == SGD())
    #expect(configuration.training.optimizer.learningRate == 1)
    #expect(configuration.training.schedule == .constant)
    #expect(configuration.training.clipNorm == 5)
    #expect(configuration.training.earlyStopping == nil)
    #expect(configuration.evaluation.streams == 10)
    #expect(configuration.output.directory == "runs/lm")
    guard case .text(let corpus) = configuration.data else {
      Issue.record("expected text, found \(configuration.data)")
      return
    }
    #expect(corpus == RunConfiguration.TextCorpus(train: ["/corpora/a.txt"]))
  }

  @Test func defaultsOfOptimizers() throws {
    func optimizer(_ name: String) throws -> any Optimizer {
      try parse(minimal, "training.optimizer={name: \(name)}").training.optimizer
    }
    #expect(try optimizer("rmsprop") == RMSProp())
    #expect(try optimizer("adam") == Adam(.coupled))
    #expect((try optimizer("adam") as? Adam)?.weightDecay == 0)
    #expect(try optimizer("adamw") == Adam(.decoupled))
    #expect((try optimizer("adamw") as? Adam)?.weightDecay == 0.01)
    #expect(try optimizer("adamw").learningRate == 0.001)
    let lion = try #require(try optimizer("lion") as? Lion)
    #expect([lion.learningRate, lion.beta1, lion.beta2, lion.weightDecay] == [0.0001, 0.9, 0.99, 0])
  }

  @Test func aSectionIsReadWhole() throws {
    let configuration = try parse(
      """
      data: {train: [a.txt, /b.txt], validation: ./c.txt, test: ../../../d/../e.txt, vocabulary: {size: 10, min_count: 2}}
      training:
        optimizer: {name: sgd, learning_rate: .1, momentum: 0.9, nesterov: true, weight_decay: 1e-4}
        schedule: {name: cosine, warmup: 10, minimum: 1}
        early_stopping: {patience: 7}
      model: {cell: elman, activation: relu}
      """)
    var corpus = RunConfiguration.TextCorpus(train: ["/corpora/a.txt", "/b.txt"])
    corpus.validation = .file("/corpora/c.txt")
    corpus.test = .file("/d/../e.txt")
    corpus.vocabulary.size = 10
    corpus.vocabulary.minimumCount = 2
    var sgd = SGD()
    (sgd.learningRate, sgd.momentum, sgd.nesterov, sgd.weightDecay) = (0.1, 0.9, true, 1e-4)
    var cosine = RunConfiguration.CosineSchedule()
    (cosine.warmup, cosine.minimum) = (10, 1)
    #expect(configuration.data == .text(corpus))
    #expect(configuration.training.optimizer == sgd)
    #expect(configuration.training.schedule == .cosine(cosine))
    #expect(configuration.training.earlyStopping?.patience == 7)
    #expect(configuration.model.cell == Elman(.relu))
  }

  @Test func nullLeavesOptionalKeysOut() throws {
    let configuration = try parse(
      "data: {train: a, validation: ~, vocabulary: {size: null}}\ntraining:\n  early_stopping:\n")
    #expect(try configuration == parse("data: {train: a}\n"))
  }
}
