import Configuration
import Datasets
import Foundation
import Inference
import Presentation

/// What a language model makes of a split.
package struct LanguageEvaluation: Evaluation, Equatable {
  /// Tokens that were predicted.
  package internal(set) var targets = 0
  /// Their losses together, in nats.
  package internal(set) var nats = 0.0
  /// Targets that are `<unk>`.
  package internal(set) var unknownTargets = 0
  /// Sequences that the split was read as, side by side.
  package let streams: Int
  /// In which the split was read.
  package let direction: ReadingDirection
  /// How the model followed the split.
  package let adaptation: Adaptation
  /// How long the raw text is that the targets are; numbers are 0 where nobody knows.
  package private(set) var extent = TextExtent()

  init(streams: Int, _ direction: ReadingDirection, _ adaptation: Adaptation) {
    self.streams = streams
    self.direction = direction
    self.adaptation = adaptation
  }

  /// A split's first tokens are no targets, nor are those that are too few for a timestep of all streams.
  mutating func noteExtent(of split: TokenSequence) {
    extent = split.extent.scaled(by: Double(targets) / Double(max(split.tokens.count, 1)))
  }

  package var natsPerTarget: Double { nats / Double(max(targets, 1)) }
  /// The same for units that models of other tokens have too.
  package var loss: TextLoss { TextLoss(nats: nats, of: extent) }

  /// - Parameter loss: in nats per target.
  static func perplexity(ofLoss loss: Double) -> Quantity {
    Quantity("perplexity", exp(loss), text: Format.perplexity(exp(loss)))
  }

  /// The share of targets that are `<unk>`.
  var unknownShare: Double { Double(unknownTargets) / Double(max(targets, 1)) }

  package var measured: Double { natsPerTarget }
  package var headline: Quantity {
    let perplexity = Self.perplexity(ofLoss: natsPerTarget)
    guard UnknownWords.matter(unknownShare) else { return perplexity }
    let text = "\(perplexity.text) (\(UnknownWords.text(unknownShare)) unknown)"
    return Quantity(perplexity.name, perplexity.value, text: text)
  }
  package func metrics(on split: Split) -> [(field: String, value: Double)] {
    [(UnknownWords.field(on: split), unknownShare)]
      + ComparedFigure.allCases.compactMap { figure in
        let value = figure.value(of: loss)
        return value.isNaN ? nil : (figure.field(on: split), value)
      }
  }

  package func results(on split: String) -> [Fact] {
    [Fact("\(split) loss", Format.loss(natsPerTarget)), Fact("\(split) perplexity", headline.text)]
      + ComparedFigure.allCases.compactMap { figure in
        let value = figure.value(of: loss)
        return value.isNaN ? nil : Fact("\(split) \(figure.name)", figure.text(value))
      }
  }

  package func report(on split: String) -> any Report { LanguageModelReport(self, split: split) }
}

/// What models can be compared by that have other tokens.
enum ComparedFigure: CaseIterable {
  case perplexityPerWord, bitsPerByte

  var name: String {
    switch self {
    case .perplexityPerWord: "perplexity per word"
    case .bitsPerByte: "bits per byte"
    }
  }

  func value(of loss: TextLoss) -> Double {
    switch self {
    case .perplexityPerWord: loss.perplexityPerWord
    case .bitsPerByte: loss.bitsPerByte
    }
  }

  func text(_ value: Double) -> String {
    switch self {
    case .perplexityPerWord: Format.perplexity(value)
    case .bitsPerByte: Format.loss(value)
    }
  }

  /// In `metrics.jsonl`.
  func field(on split: Split) -> String {
    switch self {
    case .perplexityPerWord: "\(split.rawValue)_perplexity_per_word"
    case .bitsPerByte: "\(split.rawValue)_bits_per_byte"
    }
  }
}

/// When a perplexity means little: `<unk>` is one token, easily predicted where it is frequent.
enum UnknownWords {
  /// From this share of a text on. Corpora whose rare words are replaced, as in the literature, have about 5%.
  private static let limit = 0.1

  static func matter(_ share: Double) -> Bool { share >= limit }
  static func text(_ share: Double) -> String { Format.fixed(100 * share, 1) + "%" }
  static func field(on split: Split) -> String { "\(split.rawValue)_unknown" }

  static func caveat(_ share: Double) -> String? {
    guard matter(share) else { return nil }
    return
      "\(text(share)) of it is unknown to a model of this training text, so its perplexity says little: as one token, "
      + "\(Vocabulary.unknownToken) is easily predicted"
  }
}

/// A language model's evaluation, with the names of its JSON object.
private struct LanguageModelReport: Encodable, CustomStringConvertible {
  private let split: String
  private let targets: Int
  @NumberOrNull private var natsPerTarget: Double
  @NumberOrNull private var perplexity: Double
  private let words: Int
  @NumberOrNull private var perplexityPerWord: Double
  private let bytes: Int
  @NumberOrNull private var perplexityPerByte: Double
  @NumberOrNull private var bitsPerByte: Double
  @NumberOrNull private var bitsPerCharacter: Double
  private let unknownTargets: Int
  private let streams: Int
  /// Of a model that reads from right to left.
  private let direction: String?
  /// Only of a model that followed the split by it.
  private let dynamic: Dynamic?
  private let cache: Cache?
  private let caveat: String?

  private struct Dynamic: Encodable {
    let rate, decay, epsilon: Double
    let segment: Int
    /// Whether steps are divided by the RMS of the training text's gradients.
    let isNormalized: Bool
  }

  private struct Cache: Encodable {
    let size: Int
    let theta, weight: Double
  }

  private enum CodingKeys: CodingKey {
    case split, targets, natsPerTarget, perplexity, words, perplexityPerWord, bytes, perplexityPerByte, bitsPerByte
    case bitsPerCharacter, unknownTargets, streams, direction, dynamic, cache
  }

  init(_ evaluation: LanguageEvaluation, split: String) {
    self.split = split
    targets = evaluation.targets
    natsPerTarget = evaluation.natsPerTarget
    perplexity = evaluation.headline.value
    let loss = evaluation.loss
    (words, perplexityPerWord) = (loss.extent.words, loss.perplexityPerWord)
    (bytes, perplexityPerByte, bitsPerByte) = (loss.extent.bytes, loss.perplexityPerByte, loss.bitsPerByte)
    bitsPerCharacter = loss.bitsPerCharacter
    unknownTargets = evaluation.unknownTargets
    streams = evaluation.streams
    direction = evaluation.direction == .backward ? evaluation.direction.rawValue : nil
    dynamic = evaluation.adaptation.dynamic.map {
      Dynamic(
        rate: $0.rate, decay: $0.decay, epsilon: $0.epsilon, segment: $0.segment, isNormalized: $0.statistics != nil)
    }
    cache = evaluation.adaptation.cache.map { Cache(size: $0.size, theta: $0.theta, weight: $0.weight) }
    caveat = UnknownWords.caveat(evaluation.unknownShare)
  }

  var description: String {
    Format.facts(
      [
        ("split", split), ("targets", Format.count(targets)), ("nats per target", Format.loss(natsPerTarget)),
        ("perplexity", Format.perplexity(perplexity)),
      ] + compared + [
        ("unknown targets", "\(Format.count(unknownTargets)) (\(Format.percent(unknownTargets, of: targets)))"),
        ("streams", Format.count(streams)),
      ] + (direction.map { [("direction", $0)] } ?? []) + adaptations + (caveat.map { [("notice", $0)] } ?? []))
  }

  /// Of a text whose length is known.
  private var compared: [(String, String)] {
    var facts: [(String, String)] = []
    if !perplexityPerWord.isNaN {
      facts.append(("perplexity per word", "\(Format.perplexity(perplexityPerWord)) (\(Format.count(words, "word")))"))
    }
    if !bitsPerByte.isNaN {
      facts += [
        ("perplexity per byte", "\(Format.perplexity(perplexityPerByte)) (\(Format.count(bytes, "byte")))"),
        ("bits per byte", Format.loss(bitsPerByte)),
      ]
    }
    if !bitsPerCharacter.isNaN { facts.append(("bits per character", Format.loss(bitsPerCharacter))) }
    return facts
  }

  private var adaptations: [(String, String)] {
    var facts: [(String, String)] = []
    if let dynamic {
      let rule = dynamic.isNormalized ? "by the RMS of training gradients" : "plain SGD"
      facts.append(
        ("dynamic", "every \(dynamic.segment) timesteps, rate \(dynamic.rate), decay \(dynamic.decay), \(rule)"))
    }
    if let cache {
      facts.append(("cache", "\(Format.count(cache.size)) timesteps, theta \(cache.theta), weight \(cache.weight)"))
    }
    return facts
  }
}
