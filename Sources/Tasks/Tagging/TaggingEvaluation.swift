import Configuration
import Datasets
import Presentation

/// What a tagger makes of a split. Words without a tag in the corpus count for nothing.
package struct TaggingEvaluation: Evaluation, Equatable {
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

extension TaggingEvaluation {
  static let accuracyField = "validation_accuracy"

  static func accuracy(_ value: Double) -> Quantity { Quantity("accuracy", value, text: Format.percent(value)) }

  package var measured: Double { accuracy }
  package var headline: Quantity { Self.accuracy(accuracy) }
  package func metrics(on split: Split) -> [(field: String, value: Double)] {
    [("\(split.rawValue)_accuracy", accuracy)]
  }

  package func results(on split: String) -> [Fact] {
    var facts = [Fact("\(split) accuracy", headline.text)]
    if unknown.words > 0 { facts.append(Fact("on unknown words", Format.percent(unknown.accuracy))) }
    return facts
  }

  package func report(on split: String) -> any Report { TaggingReport(self, split: split) }
}
