import Foundation
import Testing

/// What texts mean to the program.
struct ReadingTests {
  private static func sentences(_ name: String) throws -> [Substring] {
    try String(contentsOfFile: "\(SampleText.directory)/\(name).txt", encoding: .utf8).split(separator: "\n")
  }

  @Test(arguments: ["word", "whitespace"])
  func aCorpusWithMarkedLineEndsIsTheSameCorpus(tokens: String) throws {
    let workspace = try Workspace()
    for name in ["train", "validation", "test"] {
      let text = try Self.sentences(name).map { "\($0) </s>\n" }.joined()
      try workspace.write(text, to: "\(name).txt")
    }
    let settings = ["data.tokens=\(tokens)", "training.epochs=1"]
    try workspace.succeed(["--config", "lm.cfg", "output.directory=plain"] + settings)
    let marked = ["train", "validation", "test"].map { "data.\($0)=\($0).txt" }
    try workspace.succeed(["--config", "lm.cfg", "output.directory=marked"] + settings + marked)
    // But for what is divided by the length of the text, to which the marks belong.
    let (first, second) = try (workspace.metrics(of: "marked"), workspace.metrics(of: "plain"))
    func withoutLengths(_ lines: [String]) -> [String] {
      lines.map { $0.replacing(/,"(validation|test)_(perplexity_per_word|bits_per_byte)":[^,}]*/, with: "") }
    }
    #expect(first != second && withoutLengths(first) == withoutLengths(second))
  }

  /// Validation text of which most words are unknown has a low perplexity, which means nothing.
  @Test func aShareOfUnknownWordsStandsBesideAPerplexity() throws {
    let workspace = try Workspace()
    let foreign = try Self.sentences("train").map { $0.replacing(/[a-z]+/) { "\($0.0)us" } + "\n" }.joined()
    try workspace.write(foreign, to: "mine.txt")
    let outcome = try workspace.succeed(["--config", "lm.cfg", "data.train=mine.txt", "training.epochs=1"])
    let stays =
      "lm.cfg:3:3: data.validation: \(SampleText.directory)/validation.txt stays, though data.train is another text"
    #expect(outcome.errors.contains(stays), "\(outcome.errors)")
    // Six of the eight tokens of a sentence.
    #expect(outcome.errors.contains("\nvalidation split: 75.0% of it is unknown "), "\(outcome.errors)")
    #expect(outcome.errors.contains(/perplexity [0-9.]+ \(75\.1% unknown\)/), "\(outcome.errors)")
    #expect(outcome.output.contains(/validation notice +75\.0% of it is unknown/), "\(outcome.output)")
    #expect(outcome.output.contains(/test perplexity +[0-9.]+ \(75\.\d% unknown\)/), "\(outcome.output)")
    #expect(try workspace.text("run/metrics.jsonl").contains("\"validation_unknown\":0.75"))
    try workspace.succeed(["report", "run"])
    #expect(try workspace.text("run/report.html").contains("75.1% of it is unknown "))
    let evaluated = try workspace.succeed(["evaluate", "--checkpoint", "run"]).output
    #expect(evaluated.contains(/notice +75\.\d% of it is unknown/), "\(evaluated)")

    // Whoever gives all splits reads of none of this.
    let own = try workspace.succeed(
      ["--config", "lm.cfg", "output.directory=own", "training.epochs=1"]
        + ["train", "validation", "test"].map { "data.\($0)=mine.txt" })
    #expect(!own.errors.contains("stays") && !own.errors.contains("unknown"), "\(own.errors)")
  }

  private struct Evaluation: Decodable {
    let streams: Int
    let targets: Int
    let perplexity: Double
  }

  private func evaluate(_ workspace: Workspace, _ arguments: String...) throws -> Evaluation {
    let outcome = try workspace.succeed(["evaluate", "--checkpoint", "run", "--json"] + arguments)
    let decoder = JSONDecoder()
    return try decoder.decode(Evaluation.self, from: Data(outcome.output.utf8))
  }

  /// Streams without context would be most of a short text.
  @Test func shortTextsAreReadAsFewStreams() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    let sentences = try Self.sentences("train").map { "\($0)\n" }
    // Eight tokens each.
    for (count, streams) in [(1, 1), (3, 1), (249, 1), (250, 2), (450, 3)] {
      try workspace.write(sentences.prefix(count).joined(), to: "some.txt")
      let found = try evaluate(workspace, "--data", "some.txt")
      #expect(found.streams == streams, "\(count) sentences")
      let asked = try evaluate(workspace, "--data", "some.txt", "--streams", "\(streams)")
      #expect(found.perplexity == asked.perplexity)
    }
    try workspace.write(sentences.prefix(3).joined(), to: "some.txt")
    let (few, many) = try (
      evaluate(workspace, "--data", "some.txt"), evaluate(workspace, "--data", "some.txt", "--streams", "10")
    )
    #expect(few.targets == 23 && many.targets == 20)
    #expect(few.perplexity < 6 && many.perplexity > few.perplexity, "\(few), \(many)")
    let refused = try workspace.run(["evaluate", "--checkpoint", "run", "--data", "some.txt", "--streams", "24"])
    #expect(refused.code == 65 && refused.errors.contains("`evaluate --streams`"), "\(refused)")
    // A split is read as it was in training.
    #expect(try evaluate(workspace).streams == 10)
  }

  /// A prompt is cleaned as files are.
  @Test func promptsAreReadAsFilesAre() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    func text(_ prompt: String) throws -> Outcome {
      try workspace.succeed(["generate", "--checkpoint", "run", "--length", "20", "--prompt", prompt])
    }
    let plain = try text("the old\na")
    for prompt in ["the old\r\na", "\u{FEFF}the old\na", "the  old </s> a", "the old\na "] {
      let outcome = try text(prompt)
      #expect(outcome.errors.isEmpty, "\(outcome)")
      #expect(outcome.output.hasPrefix(prompt), "\(outcome)")
      let rest = outcome.output.dropFirst(prompt.count).trimmingPrefix(" ")
      #expect(rest == plain.output.dropFirst(7 + 2).trimmingPrefix(" "), "\(outcome)")
    }
    #expect(
      try text("the gnu , yak gnu").errors
        == "the model doesn't know 4 of the prompt's 5 tokens: gnu, \",\", yak\n".replacing("\"", with: ""))
  }

  /// Where no line ends, none can be read first; `<unk>` never occurred, and is as it was drawn.
  @Test func aTextWithoutLineEndsBeginsWithItsMostFrequentCharacter() throws {
    let workspace = try Workspace()
    try workspace.write(String(repeating: "abaac", count: 300), to: "letters.txt")
    try workspace.write(
      "data: {train: letters.txt, tokens: character}\noutput: {directory: run}\nmodel: {embedding: 8, hidden: 16}\n"
        + "training: {epochs: 20, batch_size: 4, bptt: 10, optimizer: {name: adam, learning_rate: 0.01}}\n",
      to: "letters.cfg")
    try workspace.succeed(["--config", "letters.cfg"])
    let generate = ["generate", "--checkpoint", "run", "--temperature", "0", "--length", "10"]
    // What stands behind an "a" that follows nothing is decided by the model; from there on it is the text.
    let text = try workspace.succeed(generate).output
    #expect("abaacabaacabaacabaac".contains(text.dropFirst().dropLast()), "\(text)")
    #expect(try workspace.succeed(generate + ["--prompt", "cab"]).output == "cabaacabaacab\n")
    // With and without the beginning, which must leave nothing behind.
    #expect(try workspace.succeed(generate + ["--prompt", "acab"]).output == "acabaacabaacab\n")
  }

  /// One more epoch at the end of a cosine learns nothing.
  @Test func aScheduleThatHasEndedIsSaid() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=12", "training.schedule.name=cosine"])
    let more = try workspace.succeed(["train", "--resume", "run", "training.epochs=13"]).errors
    #expect(more.contains("\nnotice     the schedule cosine has left 1.5% of the learning rate, "), "\(more)")
    let many = try workspace.succeed(["train", "--resume", "run", "training.epochs=26"]).errors
    #expect(many.contains("\nresumed ") && !many.contains("has left"), "\(many)")
    // Half of the learning rate at half of the epochs, though it had ended.
    #expect(many.contains(" of epoch 14 done; cosine goes on at a learning rate of 0.25\n"), "\(many)")
  }

  /// More epochs are nothing to a run that ended early.
  @Test func anEarlyEndThatEndsAgainSaysWhatLetsItGoOn() throws {
    let workspace = try Workspace()
    let early = ["training.epochs=40", "training.early_stopping={patience: 1}", "training.optimizer.learning_rate=20"]
    let ended = try workspace.succeed(["--config", "lm.cfg"] + early).errors
    #expect(ended.contains("has stopped falling: training ends early\n"), "\(ended)")
    let more = try workspace.succeed(["train", "--resume", "run", "training.epochs=50"]).errors
    #expect(more.contains("training ends early; training.early_stopping=null, or a larger "), "\(more)")
    let epochs = try workspace.metrics().count { $0.contains("\"kind\":\"epoch\"") }
    try workspace.succeed(["train", "--resume", "run", "training.early_stopping=null", "training.epochs=\(epochs + 1)"])
    #expect(try workspace.metrics().count { $0.contains("\"kind\":\"epoch\"") } == epochs + 1)
  }

  @Test func aModelThatIsWorseThanGuessingIsSaid() throws {
    let workspace = try Workspace()
    let settings = [
      "training.epochs=3", "training.optimizer={name: sgd, learning_rate: 500}", "training.schedule={name: constant}",
    ]
    let hot = try workspace.run(["--config", "lm.cfg", "output.directory=hot"] + settings)
    // ln 30
    #expect(
      hot.errors.contains("\n2 epochs with a loss above that of guessing, 3.4012: lower the learning rate\n"), "\(hot)")
    let usual = try workspace.succeed(["--config", "lm.cfg"])
    #expect(!usual.errors.contains("guessing"))
  }

  /// Words without a tag are trained on by nobody.
  @Test func tokensTrainedAreThoseWithATag() throws {
    let workspace = try Workspace()
    let train = try String(contentsOfFile: "\(SampleText.directory)/train.conllu", encoding: .utf8)
    try workspace.write(train.replacing("\tADJ\t", with: "\t_\t"), to: "bare.conllu")
    let rows = train.split(separator: "\n").filter { $0.contains("\t") }
    let tagged = rows.count { !$0.contains("\tADJ\t") }
    let outcome = try workspace.succeed(["--config", "tagger.cfg", "data.train=bare.conllu", "training.epochs=1"])
    let shown = try #require(outcome.output.firstMatch(of: /tokens trained +([0-9,]+)/)).1.replacing(",", with: "")
    #expect(shown == String(tagged) && tagged < rows.count, "\(outcome.output)")
  }

  // MARK: what is wrong with a text or a configuration

  private func refusal(_ workspace: Workspace, _ arguments: [String], environment: [String: String] = [:]) throws
    -> String
  {
    let outcome = try workspace.run(arguments, environment: environment)
    #expect([64, 65, 74].contains(outcome.code) && !outcome.wasKilled, "\(outcome)")
    return outcome.errors
  }

  @Test func aTextOfOneLineCannotBeSplit() throws {
    let workspace = try Workspace()
    let split = ["--config", "lm.cfg", "data.train=one.txt", "data.validation={split: 0.1}", "data.test=null"]
    try workspace.write(Self.sentences("train").joined(separator: " "), to: "one.txt")
    let line = try refusal(workspace, split)
    #expect(line.contains("the text is one line") && line.contains("data.tokens=character"), "\(line)")
    #expect(!line.contains("lower data."), "\(line)")
    try workspace.write(Self.sentences("train").joined(separator: "\r"), to: "one.txt")
    let returns = try refusal(workspace, split)
    #expect(returns.contains("found CR alone") && returns.contains("tr '\\r' '\\n'"), "\(returns)")
    try workspace.succeed(split + ["data.tokens=character", "training.epochs=1"])
  }

  @Test func tildeIsTheHomeDirectory() throws {
    let workspace = try Workspace()
    let home = ["HOME": workspace.path("home")]
    try FileManager.default.createDirectory(atPath: workspace.path("home"), withIntermediateDirectories: true)
    try workspace.write(try Self.sentences("train").joined(separator: "\n"), to: "home/mine.txt")
    let settings = ["data.train=~/mine.txt", "output.directory=~/runs/a", "training.epochs=1"]
    try workspace.succeed(["--config", "lm.cfg"] + settings, environment: home)
    #expect(workspace.exists("home/runs/a/checkpoints/last.h5") && !workspace.exists("~"))
    #expect(try workspace.text("home/runs/a/config.cfg").contains("\(workspace.path("home"))/mine.txt"))
  }

  @Test(arguments: [
    "data:\n\ttrain: a\n", "model:\n  hidden: 3\n\tlayers: 1\n", "data: {train: a}\nmodel: \t\n\t cell: gru\n",
  ])
  func tabsAreCalledTabs(text: String) throws {
    let workspace = try Workspace()
    try workspace.write(text, to: "tabs.cfg")
    let error = try refusal(workspace, ["config", "check", "tabs.cfg"])
    #expect(error.contains(/^tabs\.cfg:\d+:\d+: a tab, where YAML has spaces alone/), "\(error)")
  }

  @Test func keysOfRunsInASweep() throws {
    let workspace = try Workspace()
    try workspace.write("base: lm.cfg\nparameters: {seed: {values: [1]}}\n", to: "sweep.cfg")
    let error = try refusal(workspace, ["sweep", "--config", "sweep.cfg", "training.epochs=4"])
    #expect(error.contains("parameters.training.epochs={values: [4]}") && !error.contains("unknown key"), "\(error)")
    try workspace.succeed(["sweep", "--config", "sweep.cfg", "parameters.training.epochs={values: [1]}"])
  }

  @Test func dataThatHasMovedIsAskedFor() throws {
    let workspace = try Workspace()
    for name in ["train", "validation", "test"] {
      try workspace.write(Self.sentences(name).joined(separator: "\n"), to: "\(name).txt")
    }
    let texts = ["train", "validation", "test"].map { "data.\($0)=\($0).txt" }
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"] + texts)
    try FileManager.default.moveItem(atPath: workspace.path("train.txt"), toPath: workspace.path("moved.txt"))
    let resume = ["train", "--resume", "run", "training.epochs=2"]
    let error = try refusal(workspace, resume)
    #expect(error.contains("train.txt") && error.contains("data.train=NEW"), "\(error)")
    try workspace.succeed(resume + ["data.train=moved.txt"])
  }

  @Test func headersShowSettingsThatAreNotTheUsualOnes() throws {
    let workspace = try Workspace()
    try workspace.write(
      try workspace.text("lm.cfg").replacing(
        "{learning_rate: 0.5, momentum: 0.9}", with: "{name: adamw, learning_rate: 0.01, weight_decay: 0.1}"),
      to: "adamw.cfg")
    let errors = try workspace.succeed([
      "--config", "adamw.cfg", "training.optimizer.name=adam", "training.epochs=1",
    ]).errors
    #expect(errors.contains("\noptimizer  adam, learning rate 0.01, weight decay 0.1\n"), "\(errors)")
    let place =
      /\nadamw\.cfg:7:\d+: training\.optimizer\.weight_decay: 0\.1 stays, though it was given for adamw; the optimizer is adam\n/
    #expect("\n\(errors)".contains(place), "\(errors)")
  }
}
