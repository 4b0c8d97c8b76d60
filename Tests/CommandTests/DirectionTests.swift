import Foundation
import Testing

/// A model that reads from right to left is to a text what one that reads forward is to the same text turned round.
struct DirectionTests {
  private static func reversed(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: text.unicodeScalars.reversed())
    return String(scalars)
  }

  private static let settings = [
    "--config", "lm.cfg", "data.tokens=character", "data.test=null", "training.epochs=1", "output.keep=99",
  ]

  /// Runs `back` on a text, and `forth` on the same turned round, with the first one's ids and first parameters.
  private static func trained() throws -> Workspace {
    let workspace = try Workspace()
    for split in ["train", "validation"] {
      let text = try String(contentsOfFile: "\(SampleText.directory)/\(split).txt", encoding: .utf8)
      // With a line's end at both ends.
      try workspace.write("\n" + text, to: "\(split).txt")
      try workspace.write(reversed("\n" + text), to: "\(split).turned.txt")
    }
    try workspace.succeed(
      settings + [
        "data.train=train.txt", "data.validation=validation.txt", "data.direction=backward", "output.directory=back",
      ])
    try workspace.succeed(
      ["train", "--from", "back/checkpoints/step-00000000.h5"] + settings + [
        "data.train=train.turned.txt", "data.validation=validation.turned.txt", "output.directory=forth", "--threads",
        "2",
      ])
    return workspace
  }

  private func object(_ outcome: Outcome) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test func everythingIsThatOfTheTextTurnedRound() throws {
    let workspace = try Self.trained()
    func both(_ command: String, _ arguments: [String], prompt: String? = nil) throws -> [[String: Any]] {
      try ["back", "forth"].map { run in
        let given = prompt.map { ["--prompt", run == "back" ? $0 : Self.reversed($0)] } ?? []
        return try object(workspace.succeed([command, run, "--json"] + arguments + given))
      }
    }
    let checkpoints = try ["back", "forth"].map { try workspace.lastCheckpoint(of: $0) }
    #expect(checkpoints[0].parameters == checkpoints[1].parameters)
    for key in ["nats_per_target", "targets", "bits_per_byte"] {
      let values = try both("evaluate", ["--split", "validation"]).map { $0[key] as? Double }
      #expect(values[0] == values[1] && values[0] != nil, "\(key)")
    }

    let next = try both("next", ["-k", "5"], prompt: "old cat").map { $0["next"] as? [[String: Any]] ?? [] }
    #expect(next[0].map { $0["token"] as? String } == next[1].map { $0["token"] as? String } && next[0].count == 5)

    let texts = { (objects: [[String: Any]]) in
      objects.map { ($0["samples"] as? [[String: Any]] ?? []).compactMap { $0["text"] as? String } }
    }
    for arguments in [["--samples", "3", "--length", "25"], ["--beam", "2", "--length", "9"]] {
      let found = texts(try both("generate", arguments, prompt: "old cat."))
      #expect(found[0] == found[1].map(Self.reversed) && found[0].count >= 2 && found[0][0].hasSuffix("old cat."))
    }
    // The end of the line before is no part of a line.
    let lines = texts(try both("generate", ["--until", "line", "--samples", "9"], prompt: "cat."))
    #expect(lines[0] == lines[1].map { Self.reversed($0).replacing("\n", with: "") })

    let scores = try ["back", "forth"].map { run in
      let line = run == "back" ? "the old cat" : Self.reversed("the old cat")
      return try object(workspace.succeed(["score", run, "--json", "--tokens"], input: line + "\n"))
    }
    let values = scores.map { $0["token_log_probabilities"] as? [Double] ?? [] }
    #expect(values[0].count == 12 && values[0] == values[1].dropLast().reversed() + values[1].suffix(1))
    let told = try workspace.succeed(["score", "back"], input: "the old cat\n").errors
    #expect(told.contains("reads from right to left: a token's probability is that after all tokens behind it"))

    for (arguments, option) in [
      (["score", "back", "--carry"], "--carry"), (["generate", "back", "--interactive"], "--interactive"),
    ] {
      let outcome = try workspace.run(arguments, input: "the\n")
      #expect(
        outcome.code == 65 && outcome.output.isEmpty && outcome.errors.contains("\(option): expected"), "\(outcome)")
    }
  }

  /// Words stand before the prompt with the spaces that belong there, and a prepared dataset is read in either direction.
  @Test func wordsStandBeforeThePrompt() throws {
    let workspace = try Workspace()
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "text.h5"])
    let settings = ["--config", "lm.cfg", "data.direction=backward"]
    try workspace.succeed(settings + ["output.directory=text"])
    try workspace.succeed(
      settings + [
        "data.dataset=text.h5", "data.train=null", "data.validation=null", "data.test=null", "data.tokens=null",
      ]
        + ["output.directory=dataset"])
    let checkpoints = try ["text", "dataset"].map { try workspace.lastCheckpoint(of: $0) }
    #expect(checkpoints[0].parameters == checkpoints[1].parameters)
    let outcome = try workspace.succeed(["generate", "dataset", "--prompt", "old cat .", "--length", "12"])
    #expect(outcome.output.hasSuffix(" old cat .\n") && !outcome.output.contains("  "))
    #expect(outcome.errors.contains("reads from right to left: what it says stands before the prompt"))
    let log = try workspace.text("text/train.log")
    #expect(log.contains("; read from right to left"))
  }

  /// Subwords have their space within a line, where a prompt stands; and the mark of one's own sentence doesn't end it.
  @Test func subwordsStandBeforeThePrompt() throws {
    let workspace = try Workspace()
    let settings = [
      "--config", "lm.cfg", "data.direction=backward", "training.epochs=6", "training.optimizer.name=adam",
    ]
    try workspace.succeed(settings + ["data.tokens=bpe", "data.vocabulary.size=300", "output.directory=bpe"])
    let spaced = try ["cat .", " cat ."].map {
      try workspace.succeed(["next", "bpe", "--prompt", $0, "--json"]).output.replacing("\" cat", with: "\"cat")
    }
    #expect(spaced[0] == spaced[1])
    let text = try workspace.succeed(["generate", "bpe", "--prompt", "cat .", "--until", "line"]).output
    #expect(text.hasSuffix("cat .\n") && text.first?.isWhitespace == false, "\(text)")

    try workspace.succeed(settings + ["output.directory=words"])
    for search in [["--samples", "5"], ["--beam", "3"]] {
      let outcome = try object(workspace.succeed(["generate", "words", "--until", "sentence", "--json"] + search))
      let texts = (outcome["samples"] as? [[String: Any]] ?? []).compactMap { $0["text"] as? String }
      #expect(texts.count >= 3 && texts.filter { $0.contains(" ") }.count >= 2, "\(texts)")
    }
  }
}
