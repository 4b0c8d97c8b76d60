import Configuration
import Testing

@Suite struct RunIdentityTests {
  private let base = "data: {train: a.txt, validation: v.txt}\n"

  @Test(arguments: [
    ("seed=2", ["seed"]),
    ("data.tokens=character", ["data.tokens"]),
    ("data.train=/other.txt", ["data.train"]),
    ("data.train=[/a.txt, /b.txt]", ["data.train"]),
    ("data.validation=null", ["data.validation"]),
    ("data.validation={split: .1}", ["data.validation", "data.validation.split"]),
    ("model.hidden=3", ["model.hidden"]),
    ("model.activation=relu", ["model.activation"]),
    ("training.batch_size=3", ["training.batch_size"]),
    ("training.bptt=3", ["training.bptt"]),
    ("training.optimizer={name: adam}", ["training.optimizer.name"]),
    ("training.optimizer.learning_rate=3", []),
    ("training.epochs=99", []),
    ("training.schedule={name: step}", []),
    ("training.clip_norm=0", []),
    ("training.early_stopping={patience: 1}", []),
    ("evaluation.streams=1", []),
    ("output={directory: x, checkpoint_every: 3, keep: 9}", []),
  ])
  func whatARunCannotChange(override: String, expected: [String]) throws {
    #expect(try parse(base).incompatibilities(with: parse(base, override)) == expected)
  }

  @Test func datasetSettingsSayWhatMakesADatasetAndNoPaths() throws {
    let configuration = try parse(base, "data.test={split: .1}", "data.vocabulary.size=9")
    #expect(
      configuration.datasetSettings == """
        task=language-model
        data.train=
        data.validation=
        data.test.split=0.1
        data.tokens=word
        data.vocabulary.size=9
        data.vocabulary.min_count=1

        """)
    #expect(try parse(base).datasetSettings == parse(base, "data.train=/b.txt", "model.hidden=3").datasetSettings)
    #expect(try parse(base).datasetSettings != parse(base, "data.validation=null").datasetSettings)
    #expect(try parse(minimal).datasetSettings == nil)
  }
}
