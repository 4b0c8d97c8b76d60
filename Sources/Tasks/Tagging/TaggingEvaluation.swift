import Configuration
import Datasets
import Presentation

/// What a tagger makes of a split. Words without a tag in the corpus count for nothing.
package struct TaggingEvaluation: Evaluation, Equatable {
  /// The tagger's, and behind them those of the text that it lacks and never gives.
  package let tags: [String]
  private let knownTagCount: Int
  /// [corpus' tag][predicted tag] words.
  package private(set) var confusion: [[Int]]
  /// Words that the training split has, and those of them that are tagged right.
  package private(set) var known = Count()
  package private(set) var unknown = Count()
  /// The losses of all words together that have a tag which the tagger knows, in nats.
  package internal(set) var nats = 0.0

  package struct Count: Sendable, Equatable {
    package fileprivate(set) var words = 0
    package fileprivate(set) var right = 0

    /// Not a number without words.
    package var accuracy: Double { words > 0 ? Double(right) / Double(words) : .nan }
  }

  /// - Parameters:
  ///   - tags: the tagger's, by id.
  ///   - foreign: those of the text that it lacks.
  package init(tags: [String], foreign: [String] = []) {
    self.tags = tags + foreign
    knownTagCount = tags.count
    confusion = Array(repeating: Array(repeating: 0, count: self.tags.count), count: self.tags.count)
  }

  /// - Parameter tag: the corpus', which may be one that the tagger lacks: such a word is tagged wrong.
  mutating func add(tag: Int32, predicted: Int, isKnown: Bool) {
    let row = tag < 0 ? knownTagCount + Int(TaggingVocabulary.foreign(tag)) : Int(tag)
    confusion[row][predicted] += 1
    let path = isKnown ? \Self.known : \Self.unknown
    self[keyPath: path].words += 1
    if row == predicted { self[keyPath: path].right += 1 }
  }

  /// Words whose tag the tagger lacks, by these tags.
  package var foreign: [(tag: String, words: Int)] {
    (knownTagCount..<tags.count).map { (tags[$0], confusion[$0].reduce(0, +)) }
  }

  package var all: Count {
    Count(words: known.words + unknown.words, right: known.right + unknown.right)
  }

  package var accuracy: Double { all.accuracy }
  package var natsPerTarget: Double {
    nats / Double(max(all.words - foreign.reduce(0) { $0 + $1.words }, 1))
  }

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
  static let quantity = "accuracy"

  static func accuracy(_ value: Double) -> Quantity { Quantity(quantity, value, text: Format.percent(value)) }

  package var measured: Double { accuracy }
  package var headline: Quantity { Self.accuracy(accuracy) }
  package func metrics(on split: Split) -> [(field: String, value: Double)] {
    [("\(split.rawValue)_\(Self.quantity)", accuracy)]
  }

  package func results(on split: String) -> [Fact] {
    var facts = [Fact("\(split) accuracy", headline.text)]
    if unknown.words > 0 {
      facts.append(Fact("on unknown words", "\(Format.percent(unknown.accuracy)) of \(Format.count(unknown.words))"))
    }
    return facts
  }

  package func report(on split: String) -> any Report { TaggingReport(self, split: split) }
}
