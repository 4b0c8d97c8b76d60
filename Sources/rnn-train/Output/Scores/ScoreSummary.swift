import ArgumentParser
import Datasets
import Foundation
import Inference
import Presentation

/// What a log-probability is written to the base of.
enum LogarithmBase: String, CaseIterable, ExpressibleByArgument {
  case e
  case two = "2"
  case ten = "10"

  private var name: String { self == .e ? "natural" : "base \(rawValue)" }

  /// What the column is called.
  var title: String { "log-probability (\(name))" }

  /// A number of nats in this base.
  func value(ofNats nats: Double) -> Double {
    switch self {
    case .e: nats
    case .two: nats / log(2)
    case .ten: nats / log(10)
    }
  }
}

/// What is said of scores beside them: by which conventions they came about, and what they come to together.
struct ScoreSummary {
  private let model: TrainedModel
  private let base: LogarithmBase
  private var lines = 0
  private var tokens = 0
  private var unknown = 0
  private var nats = 0.0
  private var natsKnown = 0.0
  private var extent = TextExtent()

  init(_ model: TrainedModel, _ base: LogarithmBase) { (self.model, self.base) = (model, base) }

  mutating func add(_ score: LineScore) {
    lines += 1
    tokens += score.line.tokens.count
    unknown += score.line.unknown.count
    nats += score.logProbability
    extent = extent + score.line.extent
    natsKnown += score.logProbability(without: model.vocabulary.unknownId)
  }

  /// The lines that come before the first score.
  func conventions(of scorer: Scorer) -> [String] {
    let (vocabulary, end) = (model.vocabulary, model.tokenization.sentenceEnd)
    func quoted(_ token: String) -> String {
      let text = model.tokenization.text(of: token)
      return text == "\n" ? "the newline" : "\"\(text)\""
    }
    let start =
      scorer.carriesState
      ? "each line goes on where the one before ended, the first" : "each line begins with the zero state"
    var lines = [
      "columns: \(base.title); tokens, the line's end among them; unknown words, scored as \(Vocabulary.unknownToken)"
    ]
    if vocabulary.sentenceEnd(model.tokenization) != nil {
      lines.append("\(start) after \(quoted(end))")
    } else {
      lines.append(
        "the model knows no \(quoted(end)): \(start) after the most frequent token, "
          + "\(quoted(vocabulary.tokens[Int(scorer.context)])), and a line's end is unknown")
    }
    if let notice = model.direction.notice {
      lines.append(
        "\(notice): a token's probability is that after all tokens behind it; the line's end says where it begins")
    }
    if !scorer.adaptation.isNone {
      lines.append("the model follows the text: each line's numbers depend on all lines before it")
    }
    return lines
  }

  /// Nats per token; nil without any.
  var loss: Double? { tokens == 0 ? nil : -nats / Double(tokens) }

  /// What comes behind the last one.
  var text: String {
    func perplexity(_ nats: Double, _ tokens: Int) -> String {
      tokens == 0 ? "-" : Format.perplexity(exp(-nats / Double(tokens)))
    }
    let loss = TextLoss(nats: -nats, of: extent)
    return
      "\(Format.count(lines, "line")), \(Format.count(tokens, "token")), \(Format.count(unknown)) unknown; "
      + "log-probability \(Format.fixed(base.value(ofNats: nats), 4)), perplexity \(perplexity(nats, tokens)), "
      + "without unknown words \(perplexity(natsKnown, tokens - unknown)); "
      + "\(Format.count(extent.words, "word")), \(Format.count(extent.bytes, "byte")): perplexity per word "
      + "\(extent.words == 0 ? "-" : Format.perplexity(loss.perplexityPerWord)), bits per byte "
      + (extent.bytes == 0 ? "-" : Format.loss(loss.bitsPerByte))
  }
}
