import Foundation
import Testing

/// `next`, `generate` beyond one text, and `vectors`, as people and programs call them.
struct AskingTests {
  private static func trained(_ arguments: [String] = []) throws -> Workspace {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"] + arguments)
    return workspace
  }

  private func object(_ outcome: Outcome) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  // MARK: next

  @Test func nextIsADistribution() throws {
    let workspace = try Self.trained()
    func next(_ arguments: String...) throws -> [(token: String, probability: Double)] {
      let json = try object(workspace.succeed(["next", "run", "--json"] + arguments))
      return try #require(json["next"] as? [[String: Any]]).map { entry in
        let (probability, log) = (entry["probability"] as? Double ?? -1, entry["log_probability"] as? Double ?? 1)
        #expect(abs(log - Foundation.log(probability)) < 1e-9)
        return (entry["token"] as? String ?? "", probability)
      }
    }
    let size = try workspace.lastCheckpoint().vocabulary.count
    let all = try next("-k", "\(size)", "--prompt", "the old")
    #expect(abs(all.reduce(0) { $0 + $1.probability } - 1) < 1e-6)
    #expect(all.map(\.probability) == all.map(\.probability).sorted(by: >))
    #expect(Set(all.map(\.token)).isSuperset(of: ["<unk>", "</s>", "cat"]))
    #expect(try next("--prompt", "the old").map(\.token) == all.prefix(10).map(\.token))
    // Cleaned as `generate`'s prompts are.
    #expect(try next("--prompt", "\u{FEFF}the  old\r").map(\.probability) == all.prefix(10).map(\.probability))
    #expect(try ["the", "a", "this", "every"].contains(next("-k", "1")[0].token), "what a line begins with")

    let table = try workspace.succeed(["next", "--checkpoint", "run", "--prompt", "the old", "-k", "3"])
    let lines = table.output.split(separator: "\n")
    #expect(lines.count == 5 && lines[0].split(separator: " ") == ["token", "probability"])
    #expect(lines[2].hasPrefix(all[0].token) && table.errors.isEmpty)
    let unknown = try workspace.succeed(["next", "run", "--prompt", "zebra gnu"])
    #expect(unknown.errors == "the model doesn't know 2 of the prompt's 2 tokens: zebra, gnu\n")
    for (k, bound) in [("0", "1 or more"), ("-3", "1 or more"), ("\(size + 1)", "up to \(size)")] {
      let outcome = try workspace.run(["next", "run", "-k", k])
      #expect(outcome.code == 64 && outcome.errors.contains("-k \(k): expected") && outcome.errors.contains(bound))
      #expect(outcome.output.isEmpty)
    }
  }

  // MARK: generate

  @Test func severalTextsAreDrawnInOneCall() throws {
    let workspace = try Self.trained()
    func generate(_ arguments: String...) throws -> Outcome {
      try workspace.succeed(["generate", "run", "--length", "30", "--prompt", "the"] + arguments)
    }
    let one = try generate().output
    let many = try generate("--samples", "5").output
    #expect(many.hasPrefix("=== 1\n" + one + "=== 2\nthe "))
    #expect(try generate("--samples", "5", "--threads", "1").output == many)
    let lines = try generate("--samples", "70", "--until", "line").output
    #expect(lines.hasSuffix("\n") && lines.split(separator: "\n", omittingEmptySubsequences: false).count == 71)
    #expect(lines.hasPrefix(one.prefix { $0 != "\n" } + "\n"))
    let json = try object(generate("--samples", "3", "--until", "sentence", "--json"))
    let texts = try #require(json["samples"] as? [[String: Any]]).compactMap { $0["text"] as? String }
    #expect(texts.count == 3 && texts.allSatisfy { $0.hasSuffix(".") || $0.hasSuffix("!") }, "\(texts)")
    #expect(json["prompt"] as? String == "the")
  }

  @Test func aBeamFindsWhatIsLikelierThanTheGreedyText() throws {
    let workspace = try Self.trained()
    let beam = ["generate", "run", "--length", "12", "--until", "line", "--beam"]
    let found = try workspace.succeed(beam + ["8"])
    let greedy = try workspace.succeed(beam + ["1"])
    let plain = ["generate", "run", "--length", "12", "--until", "line", "--temperature", "0"]
    #expect(try workspace.succeed(plain).output == greedy.output)
    func logProbability(_ outcome: Outcome) throws -> Double {
      let match = try #require(
        outcome.errors.firstMatch(of: /^log-probability (-[0-9.]+) of [0-9]+ tokens?, in nats\n$/))
      return try #require(Double(match.1))
    }
    #expect(try logProbability(found) >= logProbability(greedy))
    let json = try object(workspace.succeed(beam + ["8", "--json"]))
    let samples = try #require(json["samples"] as? [[String: Any]])
    #expect(samples.count == 8 && samples[0]["text"] as? String == found.output)
    #expect(abs(try #require(samples[0]["log_probability"] as? Double) - logProbability(found)) < 1e-4)
  }

  @Test func aPipeIsAnsweredLineByLine() throws {
    let workspace = try Self.trained()
    let pipe = Pipe()
    let program = try workspace.start(["generate", "run", "--interactive"], input: pipe.fileHandleForReading)
    for (count, line) in ["the old cat\n", "\n", "every farmer\n"].enumerated() {
      try pipe.fileHandleForWriting.write(contentsOf: Data(line.utf8))
      // Nothing but the answer ends this wait, or the program's end.
      while try program.output().split(separator: "\n", omittingEmptySubsequences: false).count <= count + 1,
        program.isRunning
      { usleep(1000) }
      #expect(program.isRunning)
    }
    try pipe.fileHandleForWriting.write(contentsOf: Data("no cat".utf8))
    try pipe.fileHandleForWriting.close()
    let outcome = try program.wait()
    #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome)")
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 5 && lines.allSatisfy { !$0.hasPrefix(" ") }, "\(lines)")
    #expect(lines[0].split(separator: " ").count > 1)
    #expect(
      try workspace.succeed(["generate", "run", "--interactive"], input: "the old cat\n\nevery farmer\nno cat").output
        == outcome.output)
  }

  // MARK: vectors

  @Test func vectorsAreWrittenWhole() throws {
    let workspace = try Self.trained()
    let text = try workspace.succeed(["vectors", "--checkpoint", "run"]).output
    let size = try workspace.lastCheckpoint().vocabulary.count
    #expect(text.hasPrefix("\(size) 9\n") && text.split(separator: "\n").count == size + 1)
    #expect(try workspace.succeed(["vectors", "run", "--output", "v.txt"]).output == "v.txt\n")
    #expect(try workspace.text("v.txt") == text)
    try workspace.succeed(["vectors", "run", "--output", "v.txt"])
    let refused = try workspace.run(["vectors", "run", "--output", "lm.cfg"])
    #expect(refused.code == 64 && refused.errors.contains("lm.cfg: there is a file that holds no word vectors"))
    #expect(try workspace.run(["vectors", "run", "--output", "none/v.txt"]).code == 73)
    // What a tagger begins with.
    let tagger = try workspace.succeed([
      "--config", "tagger.cfg", "training.epochs=1", "model.vectors=v.txt", "output.directory=tagger",
    ])
    #expect(tagger.errors.contains("vectors"), "\(tagger)")

    let near = try object(workspace.succeed(["vectors", "run", "--nearest", "cat", "-k", "4", "--json"]))
    let nearest = try #require(near["nearest"] as? [[String: Any]])
    #expect(nearest.count == 4 && !nearest.contains { $0["token"] as? String == "cat" })
    let lines = try workspace.succeed(["vectors", "run", "--nearest", "cat", "-k", "4"]).output.split(separator: "\n")
    #expect(lines.count == 6 && lines[2].hasPrefix(nearest[0]["token"] as? String ?? "-"))
    let unknown = try workspace.run(["vectors", "run", "--nearest", "famrer"])
    #expect(unknown.code == 65 && unknown.output.isEmpty)
    #expect(unknown.errors.hasSuffix("the model doesn't know the word \"famrer\"; did you mean \"farmer\"?\n"))
  }

  /// Spaces, tabs and newlines are tokens like any other.
  @Test func whiteSpaceOfModelsOfCharactersIsSeen() throws {
    let workspace = try Self.trained(["data.tokens=character", "training.epochs=1"])
    let size = try workspace.lastCheckpoint().vocabulary.count
    let next = try workspace.succeed(["next", "run", "-k", "\(size)", "--prompt", "the old"]).output
    #expect(next.contains("\n\" \" ") && next.contains("\n\"\\n\" "), "\(next)")
    let vectors = try workspace.succeed(["vectors", "run"]).output.split(separator: "\n")
    for line in vectors.dropFirst() { #expect(line.split(separator: " ").count == 10, "\(line)") }
    #expect(vectors.contains { $0.hasPrefix("</s> ") } && vectors.contains { $0.hasPrefix("<U+0020> ") })
    let near = try workspace.succeed(["vectors", "run", "--nearest", " ", "-k", "2"]).output
    #expect(near.split(separator: "\n").count == 4)
    // Without `<unk>` in the way, an unknown character is one.
    let sample = try workspace.succeed(["generate", "run", "--samples", "3", "--until", "line", "--length", "400"])
    #expect(sample.output.split(separator: "\n", omittingEmptySubsequences: false).count == 4)
  }

  @Test(arguments: [
    ["--samples", "0"], ["--beam", "0"], ["--beam", "2", "--samples", "2"], ["--beam", "2", "--seed", "1"],
    ["--interactive", "--prompt", "a"], ["--until", "page"], ["--samples", "1000001"],
  ])
  func contradictionsAreUsageErrors(arguments: [String]) throws {
    let outcome = try Workspace().run(["generate", "run"] + arguments)
    #expect(outcome.code == 64 && outcome.errors.contains(arguments[0]) && outcome.output.isEmpty, "\(outcome)")
  }

  @Test func taggersDoNotWriteButHaveVectors() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=1"])
    for command in [["next"], ["generate", "--beam", "2"], ["generate", "--interactive"]] {
      let outcome = try workspace.run(command + ["--checkpoint", "run"])
      #expect(outcome.code == 65 && outcome.errors.contains("expected the checkpoint of a language model"))
    }
    #expect(
      try workspace.succeed(["vectors", "run"]).output.hasPrefix("\(workspace.lastCheckpoint().vocabulary.count) 9\n"))
  }
}
