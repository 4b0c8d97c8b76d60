import Foundation
import Testing

/// Taggers of spans, and tags of a sentence together.
extension TaggingTests {
  /// Words with IOB2 tags: a determiner, adjectives and a noun are one chunk.
  private static func chunked() throws -> Workspace {
    let workspace = try Workspace()
    for split in ["train", "validation", "test"] {
      let text = try String(contentsOfFile: "\(SampleText.directory)/\(split).conllu", encoding: .utf8)
      var isInside = false
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line -> String? in
        let fields = line.split(separator: "\t")
        guard fields.count == 10 else {
          isInside = false
          return line.isEmpty ? "" : nil
        }
        let isPart = ["DET", "ADJ", "NOUN"].contains(fields[3])
        defer { isInside = isPart && fields[3] != "NOUN" }
        return "\(fields[1]) \(isPart ? (isInside ? "I-NP" : "B-NP") : fields[3] == "VERB" ? "B-VP" : "O")"
      }
      try workspace.write(lines.joined(separator: "\n") + "\n", to: "\(split).txt")
    }
    return workspace
  }

  private static let settings = ["--config", "tagger.cfg", "data.format=columns", "data.separator=space"]
  private static let texts = ["train", "validation", "test"].map { "data.\($0)=\($0).txt" }

  private struct Report: Decodable {
    struct Spans: Decodable {
      let corpus, given, right: Int
      let f1: Double
      let perType: [String: Spans]?
    }
    let accuracy: Double
    let spans: Spans
  }

  /// Chunks as first words, last words and types: of well-formed tags.
  private func chunks(_ text: String) -> Set<String> {
    var chunks: Set<String> = []
    for (number, sentence) in text.components(separatedBy: "\n\n").enumerated() {
      let tags = sentence.split(separator: "\n").map { $0.split(separator: " ")[1] }
      for (first, tag) in tags.enumerated() where tag.hasPrefix("B-") {
        let type = tag.dropFirst(2)
        let last = tags[(first + 1)...].prefix { $0 == "I-\(type)" }.endIndex - 1
        chunks.insert("\(number) \(first) \(last) \(type)")
      }
    }
    return chunks
  }

  @Test func chunksAreTaggedTogetherAndCounted() throws {
    let workspace = try Self.chunked()
    try workspace.succeed(Self.settings + ["model.output.kind=crf", "training.epochs=4"] + Self.texts)
    let gold = try workspace.text("test.txt")
    let tagged = try workspace.succeed(["tag", "run", "test.txt"]).output
    #expect(tagged.split(separator: "\n").count == gold.split(separator: "\n").count)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let json = try workspace.succeed(["evaluate", "run", "--json"]).output
    let report = try decoder.decode(Report.self, from: Data(json.utf8))
    let (corpus, given) = (chunks(gold), chunks(tagged))
    #expect(report.spans.corpus == corpus.count)
    // Ill-formed tags, which a chain may give still, make spans too.
    #expect(report.spans.given >= given.count && report.spans.right >= corpus.intersection(given).count)
    #expect(report.spans.f1 > 0.8 && report.spans.perType?.keys.sorted() == ["NP", "VP"])
    let text = try workspace.succeed(["evaluate", "run"]).output
    #expect(text.contains("spans ") && text.contains("NP ") && text.contains("precision"))
    #expect(try workspace.metrics().last { $0.contains("validation_span_f1") } != nil)

    // The probability of each tag that was given, and marginals that come to 1.
    let notes = try workspace.succeed(["tag", "run", "--probabilities", "--output", "conllu", "test.txt"]).output
    let noted = fields(notes).filter { $0.count == 10 }.map { $0[3] }
    #expect(noted == tagged.split(separator: "\n").map { String($0.split(separator: " ")[1]) })
    let tags = try workspace.lastCheckpoint().tagging?.columns[0].tags ?? []
    let all = try workspace.succeed(
      ["tag", "run", "--probabilities", "-k", "\(tags.count)", "--output", "conllu", "test.txt"]
    ).output
    for line in fields(all) where line.count == 10 {
      let list = line[9].replacing("TagProbs=", with: "").split(separator: ",")
      let sum = list.compactMap { Double($0.split(separator: ":")[1]) }.reduce(0, +)
      #expect(list.count == tags.count && abs(sum - 1) < 1e-5, "\(line)")
    }
    let onnx = try workspace.run(["export", "run", "--format", "onnx"])
    #expect(onnx.code == 65 && onnx.errors.contains("the output layer crf"), "\(onnx)")
    try workspace.succeed(["export", "run", "--format", "safetensors"])
  }

  @Test func chainsGoOnWithTheSameBits() throws {
    let (whole, parts) = (try Self.chunked(), try Self.chunked())
    let settings = Self.settings + ["model.output.kind=crf"] + Self.texts
    try whole.succeed(settings + ["training.epochs=2", "--threads", "2"])
    try parts.succeed(settings + ["training.epochs=1", "--threads", "1"])
    try parts.succeed(["train", "--resume", "run", "training.epochs=2", "--threads", "2"])
    #expect(try whole.lastCheckpoint().parameters == parts.lastCheckpoint().parameters)
    #expect(try whole.metrics() == parts.metrics())
    let text = try whole.run(["--config", "lm.cfg", "model.output.kind=crf", "output.directory=lm"])
    #expect(text.code == 65 && text.errors.contains("crf is for tagging"), "\(text)")
  }
}
