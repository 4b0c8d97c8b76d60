import Foundation
import Testing

/// Several taggers that tag together.
extension TaggingTests {
  private struct Report: Decodable {
    let tokens: Int
    let accuracy: Double
    let accuracyKnown: Double
    let accuracyUnknown: Double
    let natsPerTarget: Double
  }

  private func report(_ workspace: Workspace, _ arguments: String...) throws -> Report {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      Report.self, from: Data(try workspace.succeed(["evaluate"] + arguments + ["--json"]).output.utf8))
  }

  @Test func theMeanOfSeveralSeedsTags() throws {
    let workspace = try Self.trained()
    try workspace.succeed([
      "--config", "tagger.cfg", "training.epochs=6", "seed=2", "output.directory=second", "model.hidden=9",
      "data.vocabulary.min_count=1", "model.characters=null",
    ])
    let test = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    // Every tag with its probability, by each of the taggers: their means are what both say together.
    func ranked(_ run: String, _ arguments: [String] = []) throws -> [[String: Double]] {
      let output = try workspace.succeed(
        ["tag", run, "--probabilities", "-k", "6"] + arguments, input: test
      ).output
      return fields(output).filter { $0.count == 10 && Int($0[0]) != nil }.map { fields in
        let note = fields[9].split(separator: "|").first { $0.hasPrefix("TagProbs=") } ?? ""
        return Dictionary(
          uniqueKeysWithValues: note.dropFirst("TagProbs=".count).split(separator: ",").compactMap { pair in
            pair.lastIndex(of: ":").map { colon in
              (String(pair[..<colon]), Double(pair[pair.index(after: colon)...]) ?? .nan)
            }
          })
      }
    }
    let (first, second) = (try ranked("run"), try ranked("second"))
    let both = try ranked("run", ["--with", "second"])
    #expect(both.count == words(test).count && both[0].count == 6)
    for (word, both) in both.enumerated() {
      for (tag, probability) in both {
        let mean = (first[word][tag, default: .nan] + second[word][tag, default: .nan]) / 2
        #expect(abs(probability - mean) < 0.011, "\(tag)")
      }
    }
    #expect(both != first && both != second)

    // Accuracy is that of what it tags, and a tagger beside itself is that tagger.
    let tagged = words(try workspace.succeed(["tag", "run", "--with", "second"], input: test).output)
    let right = zip(words(test), tagged).count { $0.0.tag == $0.1.tag }
    let together = try report(workspace, "run", "--with", "second")
    #expect(together.accuracy == Double(right) / Double(tagged.count) && together.tokens == tagged.count)
    let (alone, itself) = (try report(workspace, "run"), try report(workspace, "run", "--with", "run"))
    #expect(itself.accuracy == alone.accuracy && itself.accuracyUnknown == alone.accuracyUnknown)
    #expect(itself.accuracyKnown == alone.accuracyKnown)
    #expect(abs(itself.natsPerTarget - alone.natsPerTarget) < 1e-5 * alone.natsPerTarget)
    // The mean's loss is below the mean of the losses: the logarithm is concave.
    let other = try report(workspace, "second")
    #expect(together.natsPerTarget < (alone.natsPerTarget + other.natsPerTarget) / 2)
    #expect(try report(workspace, "run", "--with", "second", "--threads", "3").natsPerTarget == together.natsPerTarget)
  }

  /// Words without a tag, and with one that the taggers lack, count as they do for one tagger.
  @Test func aTaggerBesideItselfMeasuresTheSame() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=2", "data.tags=[upos, xpos]"])
    let test = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    try workspace.write(
      test.replacing("\tADJ\t", with: "\tQUALITY\t").replacing("\tNOUN\tnoun", with: "\tNOUN\t_"), to: "other.conllu")
    struct Column: Decodable {
      let accuracy: Double
      let natsPerTarget: Double
      let foreignTags: [String: Int]?
    }
    struct Columns: Decodable {
      let upos: Column
      let xpos: Column
    }
    func columns(_ arguments: String...) throws -> [Column] {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let json = try workspace.succeed(["evaluate", "run", "--data", "other.conllu", "--json"] + arguments).output
      let columns = try decoder.decode(Columns.self, from: Data(json.utf8))
      return [columns.upos, columns.xpos]
    }
    let (alone, both) = (try columns(), try columns("--with", "run"))
    for (alone, both) in zip(alone, both) {
      #expect(both.accuracy == alone.accuracy && both.foreignTags == alone.foreignTags)
      #expect(abs(both.natsPerTarget - alone.natsPerTarget) < 1e-5 * alone.natsPerTarget)
    }
    #expect(alone[0].foreignTags?["QUALITY", default: 0] ?? 0 > 0)
  }

  @Test func onlyTaggersOfTheSameTagsGoTogether() throws {
    let workspace = try Self.trained()
    try workspace.succeed([
      "--config", "tagger.cfg", "training.epochs=1", "data.tags=xpos", "output.directory=other",
    ])
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1", "output.directory=lm"])
    for command in ["tag", "evaluate"] {
      func refusal(_ run: String, with other: String) throws -> String {
        let outcome = try workspace.run([command, run, "--with", other], input: "the\n")
        #expect(outcome.code == 65 && outcome.output.isEmpty, "\(outcome)")
        return outcome.errors
      }
      #expect(try refusal("run", with: "other").contains("other/checkpoints/best.h5: expected the tags of run/"))
      #expect(try refusal("run", with: "other").contains("found XPOS instead of UPOS"))
      #expect(try refusal("run", with: "lm").contains("lm/checkpoints/best.h5: expected the checkpoint of a tagger"))
      #expect(try refusal("lm", with: "run").contains("lm/checkpoints/best.h5: expected the checkpoint of a tagger"))
      let missing = try workspace.run([command, "run", "--with", "nowhere"], input: "the\n")
      #expect(missing.code == 74 && missing.errors.contains("nowhere"), "\(missing)")
    }
  }
}
