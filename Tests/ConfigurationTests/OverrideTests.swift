import Configuration
import ConfigurationFiles
import Diagnostics
import Keys
import Optimizers
import Testing

@Suite struct OverrideTests {
  @Test func overridesWinOverTheFileAndLaterOnesOverEarlierOnes() throws {
    let text = minimal + "training:\n  batch_size: 8\n  bptt: abc\n"
    let configuration = try parse(
      text, "training.batch_size=16", "training.bptt=7", "training.batch_size=64", "output.directory=a=b",
      "training.optimizer={name: adam, beta1: .5}", "training.optimizer.beta2=.25")
    #expect(configuration.training.batchSize == 64)
    #expect(configuration.training.bptt == 7)
    #expect(configuration.output.directory == "a=b")
    var adam = Adam(.coupled)
    (adam.beta1, adam.beta2) = (0.5, 0.25)
    #expect(configuration.training.optimizer == adam)
  }

  @Test func aMappingReplacesAMapping() throws {
    let text = minimal + "training:\n  optimizer: {name: sgd, momentum: 0.9}\n"
    #expect(try parse(text, "training.optimizer={name: sgd}").training.optimizer == SGD())
  }

  @Test func nullTakesAnOptionalKeyAway() throws {
    let text = minimal + "training: {early_stopping: {patience: 2}}\n"
    #expect(try parse(text, "training.early_stopping=null").training.earlyStopping == nil)
    #expect(try parse(text, "training.early_stopping=").training.earlyStopping == nil)
    #expect(try parse("data: {train: a}\n", "data.train=~", "data.dataset=/d.h5").data == .dataset(path: "/d.h5"))
  }

  /// What a file of YAML has in quotation marks stands by itself on a command line.
  @Test func patternsOfFilesNeedNoQuotes() throws {
    for pattern in ["*.txt", "[ab]*.txt", "[ab].gz", "-"] {
      let configuration = try parse("data: {train: a}\n", "data.train=\(pattern)")
      guard case .text(let corpus) = configuration.data else {
        Issue.record("\(pattern)")
        continue
      }
      #expect(corpus.train.count == 1 && corpus.train[0].hasSuffix(pattern))
    }
  }

  @Test(arguments: [
    ("training.batch_size=x", "training.batch_size=x: expected a whole number from 1 to 65536, found 'x'"),
    ("training.bach_size=64", "training.bach_size=64: unknown key; did you mean batch_size?"),
    ("training={epoch: 3}", "training={epoch: 3}: training.epoch: unknown key; did you mean epochs?"),
    ("seed={a: 1, a: 2}", "seed={a: 1, a: 2}: seed.a: duplicate key; first given on line 1"),
    ("seed.low=1", "seed.low=1: seed has no keys, it is '5'; override it whole: seed={…}"),
    ("seed=[1", "seed=[1: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence"),
    ("seed=\u{1B}[31m", "seed=\\u{1B}[31m: control character \\u{1B}"),
  ])
  func problemsNameTheOverride(override: String, expected: String) {
    #expect(complaints("seed: 5\n" + minimal, override).contains(expected))
  }

  @Test func keysOfAnotherOptimizerAreDroppedWithALine() throws {
    let text = minimal + "training:\n  optimizer: {name: sgd, momentum: 0.9, learning_rate: 2}\n"
    var lines: [String] = []
    let configuration = try RunConfiguration.parse(
      text: text, name: "lm.cfg", directory: "/", overrides: ["training.optimizer.name=adam"], checkFiles: false
    ) { lines.append($0) }
    var adam = Adam(.coupled)
    adam.learningRate = 2
    #expect(configuration.training.optimizer == adam)
    #expect(
      lines == [
        "lm.cfg:4:26: training.optimizer.momentum: dropped: belongs to sgd; the optimizer is adam",
        "lm.cfg:4:41: training.optimizer.learning_rate: 2 stays, though it was given for sgd; the optimizer is adam",
      ])
    #expect(
      complaints(minimal, "training.optimizer.name=adam", "training.optimizer.momentum=1") == [
        "training.optimizer.momentum=1: belongs to sgd; the optimizer is adam"
      ])
  }

  /// What the file doesn't say, or says the same, isn't worth a line.
  @Test(arguments: [
    ("{weight_decay: 0.1, name: adamw}", "adamw", []),
    (
      "{weight_decay: 0.1, name: adamw}", "adam",
      ["lm.cfg:4:15: training.optimizer.weight_decay: 0.1 stays, though it was given for adamw; the optimizer is adam"]
    ),
    (
      "{learning_rate: 0.1}", "adam",
      ["lm.cfg:4:15: training.optimizer.learning_rate: 0.1 stays, though it was given for sgd; the optimizer is adam"]
    ),
  ])
  func settingsThatMayMeanSomethingElseStayWithALine(settings: String, name: String, expected: [String]) throws {
    var lines: [String] = []
    let configuration = try RunConfiguration.parse(
      text: minimal + "training:\n  optimizer: \(settings)\n", name: "lm.cfg", directory: "/",
      overrides: ["training.optimizer.name=\(name)"], checkFiles: false
    ) { lines.append($0) }
    #expect(configuration.training.optimizer.name == name)
    #expect(lines == expected)
  }

  @Test func aCellTakesTheFilesActivationOut() throws {
    let text = minimal + "model: {activation: relu}\n"
    #expect(try parse(text, "model.cell=lstm").model.cell.name == "lstm")
    #expect(complaints(minimal, "model.cell=lstm", "model.activation=relu").count == 1)
  }

  @Test(arguments: [["seed"], ["=3"], [".seed=3"], ["training..bptt=3"], ["seed=1", "x", ""]])
  func argumentsThatAreNotOverridesAreUsageErrors(overrides: [String]) {
    let wrong = overrides.filter { $0 != "seed=1" }
    #expect(throws: ConfigurationError.malformedOverrides(wrong)) {
      try RunConfiguration.parse(
        text: minimal, name: "lm.cfg", directory: "/", overrides: overrides, checkFiles: false)
    }
    #expect(ConfigurationError.malformedOverrides(wrong).exitCode == .usage)
    #expect(
      ConfigurationError.malformedOverrides(["seed"]).description
        == "seed: expected KEY=VALUE, for example training.batch_size=64")
  }
}
