import Foundation

/// What a model makes of a split.
package enum Evaluation: Sendable, Equatable {
  case language(LanguageEvaluation)
  case tagging(TaggingEvaluation)

  /// What decides which epoch is best, and when a run has stopped getting better: lower is better. A language model's loss
  /// in nats per target; a tagger's share of wrong tags, since what it is for is not its loss.
  package var measure: Double {
    switch self {
    case .language(let evaluation): evaluation.natsPerTarget
    case .tagging(let evaluation): 1 - evaluation.accuracy
    }
  }

  package var natsPerTarget: Double {
    switch self {
    case .language(let evaluation): evaluation.natsPerTarget
    case .tagging(let evaluation): evaluation.natsPerTarget
    }
  }
}

/// What a language model makes of a split.
package struct LanguageEvaluation: Sendable, Equatable {
  /// Tokens that were predicted.
  package var targets = 0
  /// Their losses together, in nats.
  package var nats = 0.0
  /// Targets that are `<unk>`.
  package var unknownTargets = 0
  /// Sequences that the split was read as, side by side.
  package var streams: Int

  package init(streams: Int) { self.streams = streams }

  package var natsPerTarget: Double { nats / Double(max(targets, 1)) }
  package var perplexity: Double { Self.perplexity(ofLoss: natsPerTarget) }

  /// - Parameter loss: in nats per target.
  package static func perplexity(ofLoss loss: Double) -> Double { exp(loss) }

  /// - Parameter characters: Unicode scalars of the raw text that the targets are; 0 where nobody knows, and then the
  ///   result is not a number.
  package func bitsPerCharacter(characters: Int) -> Double {
    characters > 0 ? nats / log(2) / Double(characters) : .nan
  }
}

/// What a tagger makes of a split. Words without a tag in the corpus count for nothing.
package struct TaggingEvaluation: Sendable, Equatable {
  package let tags: [String]
  /// [corpus' tag][predicted tag] words.
  package private(set) var confusion: [[Int]]
  /// Words that the training split has, and those of them that are tagged right.
  package private(set) var known = Count()
  package private(set) var unknown = Count()
  /// The losses of all words together, in nats.
  package internal(set) var nats = 0.0

  package struct Count: Sendable, Equatable {
    package fileprivate(set) var words = 0
    package fileprivate(set) var right = 0

    /// Not a number without words.
    package var accuracy: Double { words > 0 ? Double(right) / Double(words) : .nan }
  }

  package init(tags: [String]) {
    self.tags = tags
    confusion = Array(repeating: Array(repeating: 0, count: tags.count), count: tags.count)
  }

  mutating func add(tag: Int, predicted: Int, isKnown: Bool) {
    confusion[tag][predicted] += 1
    let path = isKnown ? \Self.known : \Self.unknown
    self[keyPath: path].words += 1
    if tag == predicted { self[keyPath: path].right += 1 }
  }

  package var all: Count {
    Count(words: known.words + unknown.words, right: known.right + unknown.right)
  }

  package var accuracy: Double { all.accuracy }
  package var natsPerTarget: Double { nats / Double(max(all.words, 1)) }

  /// How well one tag is found.
  package struct TagScore: Sendable, Equatable {
    package let tag: String
    /// Words that have the tag in the corpus.
    package let words: Int
    /// Of the words that were given the tag, the share that has it; 0 where none was.
    package let precision: Double
    /// Of the words that have the tag, the share that was given it; 0 where none has it.
    package let recall: Double

    /// The harmonic mean of precision and recall.
    package var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }
  }

  /// In the order of the tags.
  package var perTag: [TagScore] {
    tags.indices.map { tag in
      let (right, words) = (confusion[tag][tag], confusion[tag].reduce(0, +))
      let given = confusion.reduce(0) { $0 + $1[tag] }
      func share(of count: Int) -> Double { count > 0 ? Double(right) / Double(count) : 0 }
      return TagScore(tag: tags[tag], words: words, precision: share(of: given), recall: share(of: words))
    }
  }
}
