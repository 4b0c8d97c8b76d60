import Presentation

/// A tagger's evaluation, with the names of its JSON object: of one column its figures; of several, an object for each, by
/// its name in small letters, and `all`.
struct TaggingReport: Encodable, CustomStringConvertible {
  private let evaluation: TaggingEvaluation
  private let split: String
  private let columns: [ColumnReport]

  init(_ evaluation: TaggingEvaluation, split: String) {
    self.evaluation = evaluation
    self.split = split
    columns = evaluation.columns.map(ColumnReport.init)
  }

  private var hasOneColumn: Bool { columns.count == 1 }

  // MARK: for machines

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  /// All columns together.
  private struct Together: Encodable {
    let tokens: Int
    @NumberOrNull var accuracy: Double
    @NumberOrNull var accuracyKnown: Double
    @NumberOrNull var accuracyUnknown: Double
    let knownTokens: Int
    let unknownTokens: Int
    @NumberOrNull var natsPerTarget: Double
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(split, forKey: Key("split"))
    if hasOneColumn { return try columns[0].encode(to: encoder) }
    for column in columns { try container.encode(column, forKey: Key(column.name.lowercased())) }
    try container.encode(
      Together(
        tokens: evaluation.all.words, accuracy: evaluation.accuracy, accuracyKnown: evaluation.known.accuracy,
        accuracyUnknown: evaluation.unknown.accuracy, knownTokens: evaluation.known.words,
        unknownTokens: evaluation.unknown.words, natsPerTarget: evaluation.natsPerTarget), forKey: Key("all"))
    try container.encode(
      Dictionary(uniqueKeysWithValues: evaluation.conll2018.map { ($0.name, NumberOrNull(wrappedValue: $0.accuracy)) }),
      forKey: Key("conll2018"))
  }

  // MARK: for people

  var description: String {
    if hasOneColumn {
      return """
        \(Format.facts([("split", split)] + columns[0].facts))

        \(columns[0].tables)
        """
    }
    let facts = [
      ("split", split), ("words", Format.count(evaluation.all.words)),
      ("nats per word", Format.loss(evaluation.natsPerTarget)),
    ]
    let conll = Table(
      ["CoNLL 2018", "accuracy"], evaluation.conll2018.map { [$0.name, Format.percent($0.accuracy)] })
    return """
      \(Format.facts(facts))

      \(together)

      \(conll)

      \(columns.map { "\($0.name)\n\n\(Format.facts($0.facts))\n\n\($0.tables)" }.joined(separator: "\n\n"))
      """
  }

  private var together: Table {
    func row(_ name: String, _ known: ColumnEvaluation.Count, _ unknown: ColumnEvaluation.Count) -> [String] {
      [name] + [known + unknown, known, unknown].map { Format.percent($0.accuracy) }
    }
    return Table(
      ["", "all words", "known words", "unknown words"],
      evaluation.columns.map { row($0.column.rawValue, $0.known, $0.unknown) }
        + [row("all together", evaluation.known, evaluation.unknown)])
  }
}

/// The evaluation of one column.
private struct ColumnReport: Encodable {
  let name: String
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
  /// Of tags that are of spans.
  private let spans: Spans?
  /// By the corpus' tag, how often each tag was given.
  private let confusion: [String: [String: Int]]
  private let evaluation: ColumnEvaluation

  private struct Score: Encodable {
    let tokens: Int
    let precision: Double
    let recall: Double
    let f1: Double
  }

  private struct Spans: Encodable {
    let corpus: Int
    let given: Int
    let right: Int
    let precision: Double
    let recall: Double
    let f1: Double
    let perType: [String: Spans]?

    init(_ count: SpanEvaluation.Count, perType: [String: SpanEvaluation.Count]? = nil) {
      (corpus, given, right) = (count.corpus, count.given, count.right)
      (precision, recall, f1) = (count.precision, count.recall, count.f1)
      self.perType = perType?.mapValues { Spans($0) }
    }
  }

  private enum CodingKeys: CodingKey {
    case spans, tokens, accuracy, accuracyKnown, accuracyUnknown, knownTokens, unknownTokens, natsPerTarget, perTag,
      confusion, foreignTags
  }

  init(_ evaluation: ColumnEvaluation) {
    self.evaluation = evaluation
    name = evaluation.column.rawValue
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
    spans = evaluation.spans.map { Spans($0.all, perType: $0.perType) }
    confusion = Dictionary(
      uniqueKeysWithValues: zip(evaluation.tags, evaluation.confusion).map { tag, row in
        (tag, Dictionary(uniqueKeysWithValues: zip(evaluation.tags, row).filter { $0.1 > 0 }))
      })
  }

  var facts: [(String, String)] {
    var facts = [
      ("words", Format.count(tokens)),
      ("accuracy", Format.percent(accuracy)),
      ("known words", "\(Format.percent(accuracyKnown)) of \(Format.count(knownTokens))"),
      ("unknown words", "\(Format.percent(accuracyUnknown)) of \(Format.count(unknownTokens))"),
      ("nats per word", Format.loss(natsPerTarget)),
    ]
    if !evaluation.foreign.isEmpty {
      let list = evaluation.foreign.map { "\($0.tag) (\(Format.count($0.words)))" }
      facts.append(("tags it lacks", "\(list.joined(separator: ", ")): counted as wrong"))
    }
    return facts
  }

  var tables: String {
    let (ids, isPart) = evaluation.shownTags
    let part = isPart ? " Only the \(ids.count) tags with the most errors; --json has all." : ""
    return """
      \(spanScores)\(scores)

      Rows: the corpus' tags. Columns: the tags given.\(part)

      \(confusionTable(of: ids))
      """
  }

  private var spanScores: String {
    guard let spans = evaluation.spans else { return "" }
    func row(_ name: String, _ count: SpanEvaluation.Count) -> [String] {
      [name, Format.count(count.corpus)] + [count.precision, count.recall, count.f1].map { Format.percent($0) }
    }
    let table = Table(
      ["spans", "corpus", "precision", "recall", "F1"],
      spans.perType.sorted { $0.key < $1.key }.map(row) + [row("all", spans.all)])
    return "\(table)\n\n"
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

  private func confusionTable(of shown: [Int]) -> Table {
    let (tags, confusion) = (evaluation.tags, evaluation.confusion)
    return Table(
      [""] + shown.map { tags[$0] },
      shown.map { tag in [tags[tag]] + shown.map { confusion[tag][$0] == 0 ? "." : String(confusion[tag][$0]) } })
  }
}
