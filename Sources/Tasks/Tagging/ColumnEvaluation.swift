import Datasets

/// What a tagger makes of one column of a split.
package struct ColumnEvaluation: Sendable, Equatable {
  package typealias Count = TaggingEvaluation.Count

  package let column: TagColumn
  /// The tagger's, and behind them those of the text that it lacks and never gives.
  package let tags: [String]
  private let knownTagCount: Int
  /// Of features, what is universal in each tag.
  private let universalTags: [String]?
  /// [corpus' tag][predicted tag] words.
  package private(set) var confusion: [[Int]]
  /// Words that the training split has, and those of them that are tagged right.
  package private(set) var known = Count()
  package private(set) var unknown = Count()
  /// All words, and those whose universal features are right; of other columns, whose tag is.
  package private(set) var universal = Count()
  /// Where tags are of spans of words.
  package private(set) var spans: SpanEvaluation?
  /// The losses of all words together that have a tag which the tagger knows, in nats.
  package internal(set) var nats = 0.0

  /// - Parameter foreign: tags of the text that the tagger lacks.
  package init(_ set: TagSet, foreign: [String] = []) {
    column = set.column
    tags = set.tags + foreign
    knownTagCount = set.tags.count
    spans = SpanEvaluation(of: set.tags, foreign: foreign)
    universalTags = set.column == .feats ? tags.map(UniversalFeatures.only(of:)) : nil
    confusion = Array(repeating: Array(repeating: 0, count: tags.count), count: tags.count)
  }

  /// - Parameter tag: the corpus', which may be one that the tagger lacks.
  /// - Returns: whether the tag is right, and whether all is that is universal in it.
  mutating func add(
    tag: Int32, predicted: Int, isKnown: Bool
  ) -> (isRight: Bool, isUniversallyRight: Bool) {
    let row = tag < 0 ? knownTagCount + Int(TaggingVocabulary.foreign(tag)) : Int(tag)
    confusion[row][predicted] += 1
    let isRight = row == predicted
    let isUniversallyRight = universalTags.map { $0[row] == $0[predicted] } ?? isRight
    if isKnown { known.add(isRight: isRight) } else { unknown.add(isRight: isRight) }
    universal.add(isRight: isUniversallyRight)
    spans?.add(tag: row, given: predicted)
    return (isRight, isUniversallyRight)
  }

  /// A word that the corpus has no tag for.
  mutating func addUntagged() { spans?.addUntagged() }

  mutating func endSentence() { spans?.endSentence() }

  /// Words whose tag the tagger lacks, by these tags.
  package var foreign: [(tag: String, words: Int)] {
    (knownTagCount..<tags.count).map { (tags[$0], confusion[$0].reduce(0, +)) }
  }

  package var all: Count { known + unknown }
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

  /// The tags for a confusion matrix: those that occur, or were given. Of more than people can look at, those with the most
  /// errors.
  ///
  /// - Returns: their ids in order, and whether there are more.
  var shownTags: (ids: [Int], isPart: Bool) {
    let occurring = tags.indices.filter { tag in
      confusion[tag].contains { $0 > 0 } || confusion.contains { $0[tag] > 0 }
    }
    guard occurring.count > Self.mostShown else { return (occurring, false) }
    let errors = occurring.map { tag in
      (tag: tag, errors: confusion[tag].reduce(0, +) + confusion.reduce(0) { $0 + $1[tag] } - 2 * confusion[tag][tag])
    }
    let worst = errors.sorted { ($1.errors, $0.tag) < ($0.errors, $1.tag) }.prefix(Self.mostShown)
    return (worst.map(\.tag).sorted(), true)
  }

  private static let mostShown = 64
}

/// Features of Universal Dependencies that have one meaning in all languages.
enum UniversalFeatures {
  /// The names that the CoNLL 2018 evaluation compares; it leaves out others, layered ones such as `Gender[psor]` among them.
  private static let names: Set<Substring> = [
    "PronType", "NumType", "Poss", "Reflex", "Foreign", "Abbr", "Gender", "Animacy", "Number", "Case", "Definite",
    "Degree", "VerbForm", "Mood", "Tense", "Aspect", "Voice", "Evident", "Polarity", "Person", "Polite",
  ]

  /// The universal features of a bundle, in alphabetical order.
  static func only(of bundle: String) -> String {
    bundle.split(separator: "|").filter { names.contains($0.prefix { $0 != "=" }) }.sorted().joined(separator: "|")
  }
}
