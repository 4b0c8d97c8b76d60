import Configuration
import Datasets
import Models
import Presentation

/// What a tagger makes of a split, column by column and in all columns together. Words without a tag in the corpus count for
/// nothing.
package struct TaggingEvaluation: Evaluation, Equatable {
  package private(set) var columns: [ColumnEvaluation]
  /// Words that the training split has and that have a tag in one column at least, and those of them whose tags are right in
  /// every column that they have one in.
  package private(set) var known = Count()
  package private(set) var unknown = Count()
  /// The same of all words with features right by the universal ones of them, as AllTags of the CoNLL 2018 evaluation has
  /// it.
  package private(set) var allTags = Count()
  /// Words that have a tag which the tagger knows.
  private var targets = 0
  /// By column, what its losses count for.
  private let weights: [Double]

  package struct Count: Sendable, Equatable {
    package private(set) var words = 0
    package private(set) var right = 0

    /// Not a number without words.
    package var accuracy: Double { words > 0 ? Double(right) / Double(words) : .nan }

    mutating func add(isRight: Bool) {
      words += 1
      right += isRight ? 1 : 0
    }

    static func + (a: Self, b: Self) -> Self { Self(words: a.words + b.words, right: a.right + b.right) }
  }

  /// - Parameters:
  ///   - tags: the tagger's, by column.
  ///   - foreign: by column, those of the text that it lacks; empty where it lacks none.
  ///   - weights: by column, what its losses count for; nil: 1.
  package init(_ tags: [TagSet], foreign: [[String]] = [], weights: [Double]? = nil) {
    columns = tags.enumerated().map { ColumnEvaluation($1, foreign: foreign.isEmpty ? [] : foreign[$0]) }
    self.weights = weights ?? tags.map { _ in 1 }
  }

  /// - Parameter nats: of a minibatch, by column.
  mutating func addLosses(_ nats: [Double]) {
    for column in columns.indices { columns[column].nats += nats[column] }
  }

  /// - Parameters:
  ///   - tags: by column, the corpus', which may be one that the tagger lacks: such a word is tagged wrong.
  ///   - predicted: by column.
  mutating func add(tags: [Int32], predicted: [Int], isKnown: Bool) {
    var (isTagged, isRight, isUniversallyRight) = (false, true, true)
    for (column, (tag, predicted)) in zip(tags, predicted).enumerated() {
      guard tag != TaggingVocabulary.noTag else {
        columns[column].addUntagged()
        continue
      }
      isTagged = true
      let outcome = columns[column].add(tag: tag, predicted: predicted, isKnown: isKnown)
      isRight = isRight && outcome.isRight
      isUniversallyRight = isUniversallyRight && outcome.isUniversallyRight
    }
    guard isTagged else { return }
    if isKnown { known.add(isRight: isRight) } else { unknown.add(isRight: isRight) }
    allTags.add(isRight: isUniversallyRight)
    if tags.contains(where: { $0 >= 0 }) { targets += 1 }
  }

  /// Behind the last word of a sentence.
  mutating func endSentence() {
    for column in columns.indices { columns[column].endSentence() }
  }

  package var all: Count { known + unknown }
  package var accuracy: Double { all.accuracy }
  package var natsPerTarget: Double {
    zip(weights, columns).reduce(0) { $0 + $1.0 * $1.1.nats } / Double(max(targets, 1))
  }

  /// The figures of the CoNLL 2018 evaluation, for words that are given: there each is an F1 over tokens, which comes to the
  /// accuracy then (Zeman et al.: CoNLL 2018 Shared Task, section 5). UFeats is the accuracy on universal features.
  package var conll2018: [(name: String, accuracy: Double)] {
    columns.map { $0.column == .feats ? ("UFeats", $0.universal.accuracy) : ($0.column.rawValue, $0.accuracy) }
      + (columns.count > 1 ? [("AllTags", allTags.accuracy)] : [])
  }
}

extension TaggingEvaluation {
  static let quantity = "accuracy"

  static func accuracy(_ value: Double) -> Quantity { Quantity(quantity, value, text: Format.percent(value)) }

  package var measured: Double { accuracy }
  package var headline: Quantity { Self.accuracy(accuracy) }
  package func metrics(on split: Split) -> [(field: String, value: Double)] {
    let field = "\(split.rawValue)_\(Self.quantity)"
    func ofColumn(_ field: String, _ column: ColumnEvaluation) -> String {
      columns.count > 1 ? "\(field)_\(column.column.rawValue.lowercased())" : field
    }
    let each = columns.count > 1 ? columns.map { (ofColumn(field, $0), $0.accuracy) } : []
    let spans = columns.compactMap { column in
      column.spans.map { (ofColumn("\(split.rawValue)_span_f1", column), $0.all.f1) }
    }
    return [(field, accuracy)] + each + spans
  }

  package func results(on split: String) -> [Fact] {
    var facts = [Fact("\(split) accuracy", headline.text)]
    if unknown.words > 0 {
      facts.append(Fact("on unknown words", "\(Format.percent(unknown.accuracy)) of \(Format.count(unknown.words))"))
    }
    if columns.count > 1 {
      facts += columns.map { Fact("\($0.column.rawValue) alone", Format.percent($0.accuracy)) }
    }
    return facts
      + columns.compactMap { column in
        column.spans.map {
          Fact("F1 of \(columns.count > 1 ? "\(column.column.rawValue) " : "")spans", Format.percent($0.all.f1))
        }
      }
  }

  package func report(on split: String) -> any Report { TaggingReport(self, split: split) }
}
