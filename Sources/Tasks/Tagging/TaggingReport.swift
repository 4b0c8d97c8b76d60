import Presentation

/// A tagger's evaluation, with the names of its JSON object.
struct TaggingReport: Encodable, CustomStringConvertible {
  private let split: String
  private let tokens: Int
  @NumberOrNull private var accuracy: Double
  @NumberOrNull private var accuracyKnown: Double
  @NumberOrNull private var accuracyUnknown: Double
  /// Words whose tag the tagger lacks, by tag.
  private let foreignTags: [String: Int]
  private let knownTokens: Int
  private let unknownTokens: Int
  @NumberOrNull private var natsPerTarget: Double
  private let perTag: [String: Score]
  /// By the corpus' tag, how often each tag was given.
  private let confusion: [String: [String: Int]]
  private let evaluation: TaggingEvaluation

  private struct Score: Encodable {
    let tokens: Int
    let precision: Double
    let recall: Double
    let f1: Double
  }

  private enum CodingKeys: CodingKey {
    case split, tokens, accuracy, accuracyKnown, accuracyUnknown, knownTokens, unknownTokens, natsPerTarget, perTag,
      confusion, foreignTags
  }

  init(_ evaluation: TaggingEvaluation, split: String) {
    self.evaluation = evaluation
    self.split = split
    tokens = evaluation.all.words
    accuracy = evaluation.accuracy
    accuracyKnown = evaluation.known.accuracy
    accuracyUnknown = evaluation.unknown.accuracy
    foreignTags = Dictionary(uniqueKeysWithValues: evaluation.foreign)
    knownTokens = evaluation.known.words
    unknownTokens = evaluation.unknown.words
    natsPerTarget = evaluation.natsPerTarget
    perTag = Dictionary(
      uniqueKeysWithValues: evaluation.perTag.map {
        ($0.tag, Score(tokens: $0.words, precision: $0.precision, recall: $0.recall, f1: $0.f1))
      })
    confusion = Dictionary(
      uniqueKeysWithValues: zip(evaluation.tags, evaluation.confusion).map { tag, row in
        (tag, Dictionary(uniqueKeysWithValues: zip(evaluation.tags, row).filter { $0.1 > 0 }))
      })
  }

  var description: String {
    """
    \(facts)

    \(scores)

    Rows: the corpus' tags. Columns: the tags given.

    \(confusionTable)
    """
  }

  private var facts: String {
    var facts = [
      ("split", split), ("words", Format.count(tokens)),
      ("accuracy", Format.percent(accuracy)),
      ("known words", "\(Format.percent(accuracyKnown)) of \(Format.count(knownTokens))"),
      ("unknown words", "\(Format.percent(accuracyUnknown)) of \(Format.count(unknownTokens))"),
      ("nats per word", Format.loss(natsPerTarget)),
    ]
    if !evaluation.foreign.isEmpty {
      let list = evaluation.foreign.map { "\($0.tag) (\(Format.count($0.words)))" }
      facts.append(("tags it lacks", "\(list.joined(separator: ", ")): counted as wrong"))
    }
    return Format.facts(facts)
  }

  private var scores: Table {
    Table(
      ["tag", "words", "precision", "recall", "F1"],
      evaluation.perTag.filter { $0.words > 0 || $0.precision > 0 }.map {
        [
          $0.tag, Format.count($0.words), Format.percent($0.precision), Format.percent($0.recall),
          Format.percent($0.f1),
        ]
      })
  }

  /// Tags that occur, or were given.
  private var confusionTable: Table {
    let (tags, confusion) = (evaluation.tags, evaluation.confusion)
    let shown = tags.indices.filter { tag in
      confusion[tag].contains { $0 > 0 } || confusion.contains { $0[tag] > 0 }
    }
    return Table(
      [""] + shown.map { tags[$0] },
      shown.map { tag in [tags[tag]] + shown.map { confusion[tag][$0] == 0 ? "." : String(confusion[tag][$0]) } })
  }
}
