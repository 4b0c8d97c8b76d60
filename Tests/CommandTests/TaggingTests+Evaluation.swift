import Foundation
import Testing

/// How a tagger is measured: on splits, on files, with tags that it lacks and in other normal forms.
extension TaggingTests {
  private struct Report: Decodable {
    struct Score: Decodable {
      let tokens: Int
      let precision: Double
      let recall: Double
      let f1: Double
    }
    let split: String
    let tokens: Int
    let accuracy: Double
    let accuracyKnown: Double
    let accuracyUnknown: Double
    let perTag: [String: Score]
    let confusion: [String: [String: Int]]
  }

  func words(_ treebank: String) -> [(form: String, tag: String)] {
    fields(treebank).filter { $0.count == 10 && Int($0[0]) != nil }.map { ($0[1], $0[3]) }
  }

  @Test func evaluationIsWhatTagGives() throws {
    let workspace = try Self.trained()
    let train = try String(contentsOfFile: "\(SampleText.directory)/train.conllu", encoding: .utf8)
    // Some words have no tag in the corpus: a whole minibatch of them, too.
    let test = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    let bare = String(repeating: "1\tthe\t_\t_\t_\t_\t_\t_\t_\t_\n\n", count: 70)
    try workspace.write(test.replacing("\tADJ\tadj", with: "\t_\t_") + bare, to: "other.conllu")
    let known = Set(words(train).map(\.form))

    for (arguments, text) in [([], test), (["--data", "other.conllu"], try workspace.text("other.conllu"))] {
      let json = try workspace.succeed(["evaluate", "--checkpoint", "run", "--json"] + arguments).output
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let report = try decoder.decode(Report.self, from: Data(json.utf8))
      let pairs = zip(words(text), words(try tag(workspace, input: text)))
        .filter { $0.0.tag != "_" }.map { (form: $0.0.form, gold: $0.0.tag, given: $0.1.tag) }
      func accuracy(_ pairs: [(form: String, gold: String, given: String)]) -> Double {
        Double(pairs.count { $0.gold == $0.given }) / Double(pairs.count)
      }
      #expect(report.tokens == pairs.count)
      #expect(report.accuracy == accuracy(pairs))
      #expect(report.accuracyKnown == accuracy(pairs.filter { known.contains($0.form) }))
      #expect(report.accuracyUnknown == accuracy(pairs.filter { !known.contains($0.form) }))
      for (tag, score) in report.perTag {
        let right = Double(pairs.count { $0.gold == tag && $0.given == tag })
        let (gold, given) = (pairs.count { $0.gold == tag }, pairs.count { $0.given == tag })
        #expect(score.tokens == gold)
        #expect(score.precision == (given > 0 ? right / Double(given) : 0))
        #expect(score.recall == (gold > 0 ? right / Double(gold) : 0))
        let f1 = given + gold > 0 ? 2 * right / Double(given + gold) : 0
        #expect(abs(score.f1 - f1) < 1e-12)
        let row = Dictionary(grouping: pairs.filter { $0.gold == tag }, by: \.given).mapValues(\.count)
        #expect(report.confusion[tag] == row)
      }
      #expect(report.perTag.count > 3 && report.accuracyUnknown.isFinite)
    }
    let table = try workspace.succeed(["evaluate", "--checkpoint", "run"]).output
    for word in ["accuracy", "known words", "unknown words", "precision", "NOUN"] { #expect(table.contains(word)) }
  }

  /// No two treebanks have just the same tags: a word whose tag the tagger lacks is one that it tags wrong.
  @Test func tagsThatTheTaggerLacksAreWrong() throws {
    let workspace = try Self.trained()
    let test = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    try workspace.write(test.replacing("\tADJ\t", with: "\tQUALITY\t"), to: "other.conllu")
    func report(_ arguments: String...) throws -> (json: Report, foreign: [String: Int], nats: Double) {
      let json = Data(try workspace.succeed(["evaluate", "--checkpoint", "run", "--json"] + arguments).output.utf8)
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      struct More: Decodable {
        let foreignTags: [String: Int]
        let natsPerTarget: Double
      }
      let more = try decoder.decode(More.self, from: json)
      return (try decoder.decode(Report.self, from: json), more.foreignTags, more.natsPerTarget)
    }
    let (own, other) = try (report(), report("--data", "other.conllu"))
    let count = try #require(own.json.perTag["ADJ"]).tokens
    #expect(count > 5 && own.foreign.isEmpty && other.foreign == ["QUALITY": count])
    #expect(other.json.tokens == own.json.tokens)
    let score = try #require(other.json.perTag["QUALITY"])
    #expect(score.tokens == count && score.recall == 0 && score.precision == 0 && score.f1 == 0)
    #expect(other.json.confusion["QUALITY"] == own.json.confusion["ADJ"])
    let right = own.json.accuracy * Double(own.json.tokens) - Double(own.json.confusion["ADJ"]?["ADJ"] ?? 0)
    #expect(abs(other.json.accuracy * Double(own.json.tokens) - right) < 1e-6)
    #expect(other.nats > 0 && other.nats.isFinite)
    let text = try workspace.succeed(["evaluate", "--checkpoint", "run", "--data", "other.conllu"]).output
    #expect(text.contains("\ntags it lacks  QUALITY (\(count)): counted as wrong\n"), "\(text)")

    try workspace.write(
      ["the", "zzz"].map { "1\t\($0)\t_\tARTICLE\t_\t_\t_\t_\t_\t_\n\n" }.joined(), to: "none.conllu")
    let none = try report("--data", "none.conllu")
    #expect(none.json.accuracy == 0 && none.nats == 0 && none.foreign == ["ARTICLE": 2])
  }
}
