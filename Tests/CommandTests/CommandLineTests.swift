import Foundation
import Testing

/// What people expect of any command line.
struct CommandLineTests {
  @Test(arguments: [
    ["train"], ["prepare"], ["evaluate"], ["generate"], ["tag"], ["inspect"], ["sweep"], ["sweep", "run"],
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

  /// Bash completes commands, options and files by the script that the program writes.
  @Test(arguments: [
    ("rnn-train ge", "generate"), ("rnn-train train --re", "--resume"), ("rnn-train evaluate --checkpoint r", "run"),
    ("rnn-train train --config l", "lm.cfg"), ("rnn-train train --conf", "--config"), ("rnn-train config ch", "check"),
    ("rnn-train evaluate --split va", "validation"),
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
}
