import Datasets
import Inference
import Presentation

/// Scores of lines as text: columns for people and simple programs, or JSON.
struct ScoreWriter {
  private let vocabulary: Vocabulary
  private let tokenization: Tokenization
  private let base: LogarithmBase
  private let tokens: Bool
  private let json: Bool

  /// - Parameter tokens: whether the value of each token is written, too.
  init(_ model: TrainedModel, base: LogarithmBase, tokens: Bool, json: Bool) {
    (vocabulary, tokenization) = (model.vocabulary, model.tokenization)
    (self.base, self.tokens, self.json) = (base, tokens, json)
  }

  func number(_ nats: Double) -> String { Format.fixed(base.value(ofNats: nats), 6) }

  /// A line's score with a newline, and its tokens' behind it.
  func text(of score: LineScore) throws -> String {
    if json { return try JSON.line(ScoreObject(score, vocabulary, texts: tokens ? texts(score) : nil)) + "\n" }
    let line = [number(score.logProbability), "\(score.line.tokens.count)", "\(score.line.unknown.count)"]
    return line.joined(separator: "\t") + "\n" + (tokens ? tokenLines(score) : "")
  }

  /// A hypothesis of an n-best list with a newline, in a form that a list may have.
  ///
  /// - Parameters:
  ///   - index: its position in the list.
  ///   - withScore: under its own id, with what it is ranked by; otherwise under its utterance's.
  func text(of rescoring: Rescoring, _ index: Int, _ utterance: NBestList.Utterance, withScore: Bool) throws -> String {
    let hypothesis = rescoring.list.hypotheses[index]
    if json {
      let score = ScoreObject(
        rescoring.scores[index], vocabulary, texts: tokens ? texts(rescoring.scores[index]) : nil)
      return try JSON.line(
        HypothesisObject(hypothesis, of: utterance, total: rescoring.totals[index], score)) + "\n"
    }
    let columns = withScore ? [hypothesis.id, Format.fixed(rescoring.totals[index], 6)] : [utterance.id]
    return (columns + (hypothesis.text.isEmpty ? [] : [hypothesis.text])).joined(separator: " ") + "\n"
  }

  /// A token a line, and an empty line behind them.
  private func tokenLines(_ score: LineScore) -> String {
    zip(texts(score), zip(score.line.tokens, score.tokenLogProbabilities)).map { text, token in
      "\(Self.escaped(text))\t\(number(token.1))"
        + (token.0 == vocabulary.unknownId ? "\t\(Vocabulary.unknownToken)\n" : "\n")
    }.joined() + "\n"
  }

  /// The tokens as the text has them.
  private func texts(_ score: LineScore) -> [String] {
    var unknown = score.line.unknown[...]
    return score.line.tokens.map { token in
      (token == vocabulary.unknownId ? unknown.popFirst() : nil)
        ?? tokenization.text(of: vocabulary.tokens[Int(token)])
    }
  }

  /// A token that is a character may be one that ends a line or a column.
  private static func escaped(_ token: String) -> String {
    switch token {
    case "\n": "\\n"
    case "\t": "\\t"
    case "\r": "\\r"
    case "\\": "\\\\"
    default: token
    }
  }
}

/// A line's score with the names of its JSON object; all in nats.
private struct ScoreObject: Encodable {
  @NumberOrNull var logProbability: Double
  @NumberOrNull var logProbabilityKnown: Double
  let tokens: Int
  let unknown: Int
  let words: Int
  let bytes: Int
  var tokenLogProbabilities: [Double]?
  var tokenTexts: [String]?

  init(_ score: LineScore, _ vocabulary: Vocabulary, texts: [String]?) {
    logProbability = score.logProbability
    logProbabilityKnown = score.logProbability(without: vocabulary.unknownId)
    tokens = score.line.tokens.count
    unknown = score.line.unknown.count
    (words, bytes) = (score.line.extent.words, score.line.extent.bytes)
    if let texts { (tokenLogProbabilities, tokenTexts) = (score.tokenLogProbabilities, texts) }
  }
}

/// A hypothesis with the names of its JSON object, beside those of its score as a line.
private struct HypothesisObject: Encodable {
  private let utterance: String
  private let id: String
  private let text: String
  private let acousticScore: Double?
  @NumberOrNull private var total: Double
  private let score: ScoreObject

  private enum CodingKeys: CodingKey {
    case utterance, id, text, acousticScore, total
  }

  init(_ hypothesis: NBestList.Hypothesis, of utterance: NBestList.Utterance, total: Double, _ score: ScoreObject) {
    (self.utterance, self.total, self.score) = (utterance.id, total, score)
    (id, text, acousticScore) = (hypothesis.id, hypothesis.text, hypothesis.score)
  }

  func encode(to encoder: any Encoder) throws {
    try score.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(utterance, forKey: .utterance)
    try container.encode(id, forKey: .id)
    try container.encode(text, forKey: .text)
    try container.encodeIfPresent(acousticScore, forKey: .acousticScore)
    try container.encode(_total, forKey: .total)
  }
}
