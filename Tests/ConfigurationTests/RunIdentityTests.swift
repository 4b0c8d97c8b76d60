import Configuration
import ConfigurationFiles
import Testing

@Suite struct RunIdentityTests {
  private let base = "data: {train: a.txt, validation: v.txt}\n"

  @Test(arguments: [
    ("seed=2", ["seed"]),
    ("data.tokens=character", ["data.tokens"]),
    ("data.vocabulary.min_count=2", ["data.vocabulary.min_count"]),
    ("data.train=/other.txt", []),
    ("data.train=[/a.txt, /b.txt]", []),
    ("data.validation=/other.txt", []),
    ("data.validation=null", ["data.validation"]),
    ("data.test=/other.txt", ["data.test"]),
    ("data.validation={split: .1}", ["data.validation", "data.validation.split"]),
    ("model.hidden=3", ["model.hidden"]),
    ("model.activation=relu", ["model.activation"]),
    ("model.dropout=0.5", ["model.dropout"]),
    ("model.initialization.embedding_scale=0.1", ["model.initialization.embedding_scale"]),
    ("model.vectors=/v.txt", ["model.vectors"]),
    ("model.from=/run", ["model.from"]),
    ("training.freeze=[rnn]", []),
    ("training.batch_size=3", ["training.batch_size"]),
    ("training.shards=2", ["training.shards"]),
    ("training.bptt=3", ["training.bptt"]),
    ("training.optimizer={name: adam}", ["training.optimizer.name"]),
    ("training.optimizer.learning_rate=3", []),
    ("training.optimizer.momentum=0.9", ["training.optimizer.momentum"]),
    ("training.epochs=99", []),
    ("training.schedule={name: step}", []),
    ("training.averaging={}", ["training.averaging.name", "training.averaging.decay", "training.averaging.start"]),
    (
      "training.random_windows={}",
      [
        "training.random_windows.halved", "training.random_windows.deviation", "training.random_windows.shortest",
      ]
    ),
    ("training.clip_norm=0", []),
    ("training.on_divergence=rollback", []),
    ("training.time_limit=1h", []),
    ("training.early_stopping={patience: 1}", []),
    ("evaluation.streams=1", []),
    ("output={directory: x, checkpoint_every: 3, keep: 9}", []),
  ])
  func whatARunCannotChange(override: String, expected: [String]) throws {
    #expect(try parse(base).incompatibilities(with: parse(base, override)) == expected)
  }

  @Test func aDatasetMayMoveButNotBecomeText() throws {
    let dataset = try parse("data: {dataset: a.h5}\n")
    #expect(try dataset.incompatibilities(with: parse("data: {dataset: /moved/b.h5}\n")) == [])
    #expect(try dataset.incompatibilities(with: parse(minimal)).contains("data.dataset"))
    #expect(try dataset.incompatibilities(with: parse(base)).prefix(2) == ["data.dataset", "data.train"])
    let split = try parse(base, "data.validation={split: .1}")
    #expect(
      try split.incompatibilities(with: parse(base, "data.validation={split: .2}")) == ["data.validation.split"])
  }

  @Test func wordVectorsMayMove() throws {
    let vectors = try parse(base, "model.vectors=/v.txt")
    #expect(try vectors.incompatibilities(with: parse(base, "model.vectors=/moved/w.txt")) == [])
    #expect(try vectors.incompatibilities(with: parse(base)) == ["model.vectors"])
  }

  @Test func aMomentumMayChangeButNeitherBeginNorEnd() throws {
    let momentum = try parse(base, "training.optimizer.momentum=0.5")
    #expect(try momentum.incompatibilities(with: parse(base, "training.optimizer.momentum=0.9")) == [])
    #expect(try momentum.incompatibilities(with: parse(base)) == ["training.optimizer.momentum"])
    #expect(
      try momentum.incompatibilities(with: parse(base, "training.optimizer={name: adam}"))
        == ["training.optimizer.name"])
  }

  @Test func datasetSettingsSayWhatMakesADatasetAndNoPaths() throws {
    let configuration = try parse(base, "data.test={split: .1}", "data.vocabulary.size=9")
    #expect(
      configuration.datasetSettings == """
        task=language-model
        data.train=
        data.validation=
        data.test.split=0.1
        data.format=auto
        data.tokens=word
        data.tags=upos
        data.vocabulary.size=9
        data.vocabulary.min_count=1
        data.vocabulary.lowercase=false
        data.vocabulary.extend=false

        """)
    #expect(try parse(base).datasetSettings == parse(base, "data.train=/b.txt", "model.hidden=3").datasetSettings)
    #expect(try parse(base).datasetSettings != parse(base, "data.validation=null").datasetSettings)
    #expect(try parse(base, "data.direction=backward").datasetSettings == parse(base).datasetSettings)
    #expect(try parse(minimal).datasetSettings == nil)
  }
}
