import Foundation
import Testing

/// What people and shells find out about the keys of a configuration.
struct ConfigKeysTests {
  @Test func keysStandBelowTheirSections() throws {
    let workspace = try Workspace()
    let all = try workspace.succeed(["config", "keys"]).output
    let lines = all.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.allSatisfy { $0.count <= 80 })
    let start = try #require(lines.firstIndex(of: "training: how it learns"))
    #expect(lines[start...].contains { $0.hasPrefix("  batch_size ") && $0.contains(" 32 ") })
    #expect(lines.contains("  with adam"))
    let section = try workspace.succeed(["config", "keys", "training.schedule"]).output
    #expect(section.hasPrefix("training.schedule: ") && section.contains("\n  with cosine\n    warmup "))
    #expect(!section.contains("batch_size"))
    let json = try JSONSerialization.jsonObject(
      with: Data(workspace.succeed(["config", "keys", "--json"]).output.utf8))
    let keys = try #require((json as? [String: Any])?["keys"] as? [[String: Any]])
    let cell = try #require(keys.first { $0["key"] as? String == "model.cell" })
    #expect((cell["choices"] as? [String])?.contains("lstm") == true && cell["default"] as? String == "elman")
    let outcome = try workspace.run(["config", "keys", "trainng"])
    #expect(outcome.code == 64 && outcome.errors.contains("trainng: there is no such section; did you mean training?"))
  }

  @Test func aKeyIsExplained() throws {
    let workspace = try Workspace()
    let whole = try workspace.succeed(["config", "explain", "training.batch_size"]).output
    for part in [
      "streams (language model)", "values   a whole number from 1", "default  32", "keeps it from its first",
    ] {
      #expect(whole.contains(part), "\(whole)")
    }
    #expect(try workspace.succeed(["config", "explain", "batch_size"]).output == whole)
    let section = try workspace.succeed(["config", "explain", "training.schedule"]).output
    #expect(section.contains("training.schedule.warmup (with cosine)") && section.contains("may change when a run"))
    // The example is one that works.
    let example = try #require(section.firstMatch(of: /--config FILE (\S+)/)?.1)
    try workspace.succeed(["config", "check", "lm.cfg", String(example)])
    for (key, hint) in [
      ("training.bach_size", "did you mean training.batch_size?"), ("learnin_rate", "did you mean"),
      ("size", "there is no such key"), ("name", "did you mean"),
    ] {
      let outcome = try workspace.run(["config", "explain", key])
      #expect(key == "size" || outcome.code == 64 && outcome.errors.contains(hint), "\(key): \(outcome)")
    }
  }

  /// As the scripts ask the program, whatever the shell.
  @Test(arguments: [
    (["rnn-train", "train", "training.batch"], 2, "training.batch", ["training.batch_size="]),
    (["rnn-train", "train", "model.cell=l"], 2, "model.cell=l", ["model.cell=lstm"]),
    (["rnn-train", "train", "model.cell", "=", "l"], 4, "l", ["lstm"]),
    (["rnn-train", "train", "model.cell", "="], 3, "=", ["elman", "gru"]),
    (["rnn-train", "train", "training.sparse_updates="], 2, "training.sparse_updates=", ["=true", "=false"]),
  ])
  func shellsCompleteKeysAndValues(words: [String], index: Int, word: String, expected: [String]) throws {
    let workspace = try Workspace()
    let outcome = try workspace.succeed(
      ["---completion", "train", "--", "positional@0", "\(index)", "\(word.count)"] + words,
      environment: ["SAP_SHELL": "bash"])
    for candidate in expected { #expect(outcome.output.contains(candidate), "\(outcome)") }
  }

  /// Behind a key follows its value, not a space.
  @Test func scriptsLeaveRoomForAValue() throws {
    let workspace = try Workspace()
    let bash = try workspace.succeed(["--generate-completion-script", "bash"]).output
    #expect(
      bash.matches(of: /_custom_complete ---completion/).count
        == bash.matches(of: /compopt \+o filenames -o nospace/).count)
    let zsh = try workspace.succeed(["--generate-completion-script", "zsh"]).output
    #expect(zsh.matches(of: /compadd -V keys -S ''/).count == 1)
    #expect(try workspace.run(["--generate-completion-script", "tcsh"]).code == 64)
  }
}
