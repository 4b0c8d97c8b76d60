import Foundation
import Testing

/// What people expect of any command line.
struct CommandLineTests {
  @Test(arguments: [
    ["train"], ["prepare"], ["evaluate"], ["score"], ["generate"], ["next"], ["tag"], ["vectors"],
    ["inspect"], ["sweep"], ["sweep", "run"],
    ["sweep", "show"], ["sweep", "export"], ["report"], ["config"], ["config", "init"], ["config", "check"],
    ["config", "show"], ["config", "keys"], ["benchmark"],
  ])
  func helpHasExamples(command: [String]) throws {
    let outcome = try Workspace().succeed(command + ["--help"])
    #expect(outcome.output.contains(":\n\n  rnn-train "))
    // What an example calls is what it explains.
    #expect(outcome.output.contains("\n  rnn-train \(command[0] == "train" ? "--config" : command[0])"))
  }

  @Test(arguments: [("language-model", "text.txt", "txt"), ("tagging", "train.conllu", "conllu")])
  func aNewConfigurationCanBeTrained(task: String, data: String, kind: String) throws {
    let workspace = try Workspace()
    let outcome = try workspace.succeed(["config", "init", "--task", task, "--output", "my.cfg"])
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("config check my.cfg\n"))
    #expect(try workspace.text("my.cfg").contains("rnn-train --config my.cfg"))
    let check = try workspace.run(["config", "check", "my.cfg"])
    #expect(check.code == 65 && check.errors.contains(data), "\(check)")
    for (name, file) in [("train", data), ("validation", "dev.conllu")] {
      try workspace.write(
        String(contentsOfFile: "\(SampleText.directory)/\(name).\(kind)", encoding: .utf8), to: file)
    }
    try workspace.succeed(["config", "check", "my.cfg"])
    try workspace.succeed([
      "--config", "my.cfg", "--quiet", "training.epochs=1", "model.hidden=16", "model.embedding=8",
    ])
    let again = try workspace.run(["config", "init", "--task", task, "--output", "my.cfg"])
    #expect(again.code == 64 && again.errors.contains("there is a file already"))
    #expect(try workspace.succeed(["config", "init", "--task", task]).output.contains("task: \(task)\n"))
    let quiet = try workspace.succeed(["config", "init", "--task", task, "--output", "other.cfg", "-q"])
    #expect(quiet.errors.isEmpty)
  }

  /// A text or a treebank is trained on without a configuration, and used afterwards.
  @Test func aCorpusAloneCanBeTrainedOn() throws {
    let workspace = try Workspace()
    let sample = URL(fileURLWithPath: SampleText.directory)
    let text = try String(contentsOf: sample.appendingPathComponent("train.txt"), encoding: .utf8)
    try workspace.write(String(text.prefix(8000)), to: "my.txt")
    let outcome = try workspace.succeed(["my.txt", "training.epochs=1", "--threads", "1"])
    #expect(outcome.errors.hasPrefix("my.txt, 8.0 kB: "), "\(outcome)")
    #expect(outcome.errors.contains("runs/my/config.cfg"))
    #expect(try workspace.text("runs/my/config.cfg").contains("tokens: character\n"))
    #expect(try workspace.succeed(["generate", "runs/my", "--length", "5"]).output.count >= 5)
    try FileManager.default.copyItem(
      at: sample.appendingPathComponent("train.conllu"), to: workspace.directory.appendingPathComponent("a b.conllu"))
    try workspace.succeed(["a b.conllu", "training.epochs=1", "--quiet"])
    #expect(try workspace.text("runs/a b/config.cfg").contains("task: tagging\n"))
    // Columns can't be told from a text, so that somebody has to say it.
    try workspace.write(String(repeating: "the\tDET\ncat\tNOUN\n\n", count: 60), to: "words.tsv")
    try workspace.succeed(["words.tsv", "data.format=columns", "training.epochs=1", "--quiet"])
    #expect(try workspace.text("runs/words/config.cfg").contains("task: tagging\n"))
    // What is there already stays.
    let again = try workspace.run(["my.txt"])
    #expect(again.code == 64 || again.code == 73, "\(again)")
    #expect(again.errors.contains("rnn-train train --resume runs/my"))
  }

  // MARK: what people type

  @Test(arguments: [
    ([], "rnn-train my.txt "), ([], "rnn-train corpus.conllu "), ([], "rnn-train --config configs/lm.cfg "),
    (["--confg", "lm.cfg"], "--confg: there is no such option; did you mean --config?"),
    (["--frobnicate"], "--frobnicate: there is no such option"),
    (["--checkpoint", "run", "generate"], "the command stands before its options: `rnn-train generate"),
    (["my.tx"], "my.tx: no such file; did you mean my.txt?"), (["./my.tx"], "did you mean ./my.txt?"),
    (["--config", "lm.cfg", "my.txt"], "`data.train=my.txt`"), (["lm.cfg"], "`rnn-train --config lm.cfg`"),
    (["trian", "--config", "lm.cfg"], "did you mean `rnn-train train`?"),
    (["evalute"], "did you mean `rnn-train evaluate`?"), (["tag", "my.txt"], "my.txt: expected a run's directory"),
    (["sweep", "show"], "`rnn-train sweep show --help` tells more."), (["lm.cfg"], "`rnn-train --help` tells more."),
    (["run"], "`rnn-train train --resume run`"), (["texts"], "`rnn-train --config FILE data.train=texts`"),
    (["--epochs", "3"], "training.epochs=3"),
    (["--config", "lm.cfg", "--epochs=3"], "training.epochs=3"),
    (["--config", "lm.cfg", "--batch-size", "3"], "training.batch_size=3"),
    (["--learning-rate", "0.1"], "training.optimizer.learning_rate=0.1"),
  ])
  func mistakesNameTheNextCommand(arguments: [String], expected: String) throws {
    let workspace = try Workspace()
    try workspace.write("a text\n", to: "my.txt")
    for directory in ["run/checkpoints", "texts"] {
      try FileManager.default.createDirectory(atPath: workspace.path(directory), withIntermediateDirectories: true)
    }
    try workspace.write("", to: "run/checkpoints/step-00000000.h5")
    let outcome = try workspace.run(arguments)
    #expect(outcome.code == 64 && outcome.errors.contains(expected), "\(outcome)")
  }

  @Test func valuesMayBeginWithADash() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    let generate = ["generate", "--checkpoint", "run", "--length", "3"]
    #expect(try workspace.succeed(generate + ["--prompt", "- the"]).output.hasPrefix("- the "))
    for (option, value) in [("--temperature", "-1"), ("--top-k", "-1"), ("--top-p", "-0.5"), ("--length", "-2")] {
      let outcome = try workspace.run(generate + [option, value])
      #expect(outcome.code == 64 && outcome.errors.contains("expected"), "\(outcome)")
      #expect(!outcome.errors.contains("Missing value"), "\(outcome)")
    }
  }

  /// A run is named by --checkpoint or by position, whatever is to be done with it.
  @Test func everyCommandTakesARunBothWays() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=1"])
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1", "output.directory=lm"])
    try workspace.write("the cat\n", to: "some.txt")
    for command in [["generate"], ["next"], ["vectors"], ["evaluate"], ["inspect"], ["report"]] {
      let byName = try workspace.succeed(command + ["--checkpoint", "lm"]).output
      #expect(try workspace.succeed(command + ["lm"]).output == byName)
      #expect(try workspace.run(command).code == 64)
      #expect(try workspace.run(command + ["lm", "--checkpoint", "lm"]).code == 64)
    }
    let tagged = try workspace.succeed(["tag", "--checkpoint", "run", "some.txt"]).output
    #expect(tagged.hasPrefix("the/"))
    #expect(try workspace.succeed(["tag", "run", "some.txt"]).output == tagged)
    #expect(try workspace.succeed(["tag", "run"], input: "the cat\n").output == tagged)
    #expect(try workspace.run(["tag"]).code == 64)
    #expect(try workspace.run(["tag", "run", "some.txt", "more.txt"]).code == 64)
  }

  /// Without validation and test there is nothing to evaluate on but a text.
  @Test func theNextCommandsCanBeRun() throws {
    let workspace = try Workspace()
    for (settings, canBeEvaluated) in [([], true), (["data.test=null", "data.validation=null"], false)] {
      let directory = "run\(canBeEvaluated)"
      let outcome = try workspace.succeed(
        ["--config", "lm.cfg", "training.epochs=1", "output.directory=\(directory)"] + settings)
      let commands = outcome.output.split(separator: "\n").compactMap { line in
        line.hasPrefix("  \(Program.path) ")
          ? line.dropFirst(2 + Program.path.count).split(separator: " ").map(String.init) : nil
      }
      #expect(commands.map(\.first) == ["generate", "evaluate", "report"])
      for command in commands {
        let arguments = command.map { $0 == "FILE" ? "\(SampleText.directory)/test.txt" : $0 }
        #expect((arguments != command) == (command[0] == "evaluate" && !canBeEvaluated))
        try workspace.succeed(arguments)
      }
    }
  }

  /// Bash completes commands, options and files by the script that the program writes.
  @Test(arguments: [
    ("rnn-train ge", "generate"), ("rnn-train train --re", "--resume"), ("rnn-train evaluate --checkpoint r", "run"),
    ("rnn-train train --config l", "lm.cfg"), ("rnn-train train --conf", "--config"), ("rnn-train config ch", "check"),
    ("rnn-train evaluate --split va", "validation"), ("rnn-train train model.ce", "model.cell="),
    ("rnn-train train model.cell = ls", "lstm"), ("rnn-train config explain training.sched", "training.schedule"),
    // Without a command it trains: on a text, or by a configuration.
    ("rnn-train --conf", "--config"), ("rnn-train --config l", "lm.cfg"),
    ("rnn-train --config lm.cfg model.ce", "model.cell="),
    ("rnn-train trai", "train"), ("rnn-train lm", "lm.cfg"), ("rnn-train --quiet lm", "lm.cfg"),
  ])
  func bashCompletes(line: String, word: String) throws {
    let workspace = try Workspace()
    try FileManager.default.createDirectory(atPath: workspace.path("run"), withIntermediateDirectories: true)
    try workspace.write(workspace.succeed(["--generate-completion-script", "bash"]).output, to: "script")
    let words = line.split(separator: " ")
    try workspace.write(
      """
      rnn-train() { '\(Program.path)' "$@"; }
      source ./script
      COMP_LINE='\(line)' COMP_POINT=\(line.count) COMP_CWORD=\(words.count - 1)
      COMP_WORDS=(\(line)) COMP_TYPE=9
      $(complete -p rnn-train | sed 's/.*-F \\([^ ]*\\) .*/\\1/') rnn-train '\(words[words.count - 1])' '\(words[words.count - 2])'
      printf '%s\\n' "${COMPREPLY[@]}" > replies
      """, to: "complete.sh")
    #expect(try workspace.shell("bash ./complete.sh 2> errors") == 0)
    let replies = try workspace.text("replies").split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let errors = try workspace.text("errors")
    #expect(replies.contains(word), "\(replies) \(errors)")
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func everyShellHasAScript(shell: String) throws {
    let script = try Workspace().succeed(["--generate-completion-script", shell]).output
    for word in ["generate", "checkpoint", "gradient-flow"] { #expect(script.contains(word), "\(word)") }
  }

  /// What lies where a file is to be written is called what it is, and the option isn't taken for a setting of its name.
  @Test(arguments: [["prepare", "--config", "lm.cfg"], ["report", "run"], ["config", "init"]])
  func filesThatCannotBeWrittenAreRefused(command: [String]) throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1", "--quiet"])
    #expect(try workspace.shell("mkfifo pipe") == 0)
    for (name, reason) in [
      ("run", "--output run: there is a directory"), ("pipe", "--output pipe: there is a pipe"),
      ("lm.cfg", "--output lm.cfg: there is a file "), ("", "--output: expected the name of a file"),
    ] {
      let outcome = try workspace.run(command + ["--output", name])
      #expect(outcome.code == 64 && outcome.errors.hasPrefix("rnn-train: \(reason)"), "\(outcome)")
    }
  }
}
