import Foundation
import Testing

/// Figures that models of different tokens are compared by.
struct PerplexityTests {
  private static func number(_ name: String, of object: String) throws -> Double {
    let pattern = try Regex("\"\(name)\" ?: ?([-0-9.e]+)")
    let match = try #require(object.firstMatch(of: pattern), "\(name): \(object)")
    let text = try #require(match.output[1].substring)
    return try #require(Double(text))
  }

  /// For every tokenization the figures are the loss of the whole text over lengths that are the same for all.
  @Test(arguments: ["whitespace", "character", "grapheme", "bpe"])
  func lengthsDontDependOnTokens(tokens: String) throws {
    let workspace = try Workspace()
    let size = tokens == "bpe" ? ["data.vocabulary.size=290"] : []
    let trained = try workspace.succeed(["--config", "lm.cfg", "training.epochs=1", "data.tokens=\(tokens)"] + size)
    #expect(trained.output.contains("test perplexity per word  ") && trained.output.contains("test bits per byte  "))
    let text = "the cat .\n\nné "
    try workspace.write(text, to: "t.txt")
    let evaluated = try workspace.succeed(["evaluate", "run", "--data", "t.txt", "--streams", "1", "--json"]).output
    let targets = try Self.number("targets", of: evaluated)
    let nats = targets * (try Self.number("nats_per_target", of: evaluated))
    // Of as many tokens as are predicted: all but the first.
    let share = targets / (targets + 1)
    let (words, bytes) = ((4 * share).rounded(), (Double(text.utf8.count) * share).rounded())
    #expect(try Self.number("words", of: evaluated) == words && Self.number("bytes", of: evaluated) == bytes)
    #expect(abs(try Self.number("perplexity_per_word", of: evaluated) / exp(nats / words) - 1) < 1e-9)
    #expect(abs(try Self.number("perplexity_per_byte", of: evaluated) / exp(nats / bytes) - 1) < 1e-9)
    #expect(abs(try Self.number("bits_per_byte", of: evaluated) - nats / log(2) / bytes) < 1e-9)

    let scored = try workspace.succeed(["score", "run", "--json"], input: text)
    let lines = scored.output.split(separator: "\n").map(String.init)
    #expect(try lines.map { try Self.number("words", of: $0) } == [3, 0, 1])
    #expect(try lines.map { try Self.number("bytes", of: $0) } == [10, 1, 5])
    let total = try lines.reduce(0) { $0 - (try Self.number("log_probability", of: $1)) }
    let summary = "4 words, 16 bytes: perplexity per word "
    #expect(
      scored.errors.contains(summary)
        && scored.errors.contains("bits per byte \(String(format: "%.4f", total / log(2) / 16))"))

    let metrics = try workspace.text("run/metrics.jsonl")
    for name in ["validation_perplexity_per_word", "validation_bits_per_byte", "test_bits_per_byte"] {
      #expect(metrics.contains("\"\(name)\":"))
    }
    try workspace.succeed(["report", "run"])
    #expect(try workspace.text("run/report.html").contains("Test bits per byte"))
  }
}
