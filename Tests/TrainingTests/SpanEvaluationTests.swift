import Foundation
import Tasks
import Testing

/// Spans against seqeval's numbers: see Golden/make_golden_spans.py.
@Suite struct SpanEvaluationTests {
  private struct Case: Decodable {
    let tags: [String]
    let corpus, given: [[String]]
    /// Spans of the corpus, given ones, and right ones.
    let counts: [Int]
    /// Precision, recall and F1.
    let scores: [String: [Double]]
  }

  @Test func spansAreThoseOfSeqeval() throws {
    let file = try #require(Bundle.module.url(forResource: "spans", withExtension: "json", subdirectory: "Golden"))
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    #expect(cases.count == 3)
    for golden in cases {
      var spans = try #require(SpanEvaluation(of: golden.tags))
      for (corpus, given) in zip(golden.corpus, golden.given) {
        for (tag, given) in zip(corpus, given) {
          spans.add(
            tag: try #require(golden.tags.firstIndex(of: tag)), given: try #require(golden.tags.firstIndex(of: given)))
        }
        spans.endSentence()
      }
      #expect([spans.all.corpus, spans.all.given, spans.all.right] == golden.counts)
      for (name, scores) in golden.scores {
        let count = name == "micro avg" ? spans.all : try #require(spans.perType[name])
        for (found, expected) in zip([count.precision, count.recall, count.f1], scores) {
          #expect(abs(found - expected) < 1e-12, "\(name)")
        }
      }
    }
  }

  @Test func tagsThatAreNotOfSpans() {
    for tags in [["NOUN", "O"], ["O"], ["B-", "O"], ["X-A", "O"], ["O-A", "B-A"], [], ["B-A", "_"]] {
      #expect(SpanEvaluation(of: tags) == nil, "\(tags)")
    }
    #expect(SpanEvaluation(of: ["B-A"]) != nil)
  }

  /// Tags of the text alone: what a scheme has is a span that the tagger misses, and what none has is in no span.
  @Test func tagsThatTheTaggerLacks() throws {
    var spans = try #require(SpanEvaluation(of: ["O", "B-A"], foreign: ["B-B", "x"]))
    for (tag, given) in [(1, 1), (3, 1), (2, 0), (0, 0)] { spans.add(tag: tag, given: given) }
    spans.endSentence()
    #expect((spans.all.corpus, spans.all.given, spans.all.right) == (2, 2, 1))
  }
}
