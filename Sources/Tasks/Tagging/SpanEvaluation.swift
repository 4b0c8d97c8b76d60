/// How well spans of words are found, where tags say which words belong together: chunks or names in IOB1, IOB2 or IOBES.
///
/// A span counts as found where its first word, its last one and its type are all right. Which words are one span follows
/// conlleval's rules (Tjong Kim Sang and Buchholz, CoNLL 2000), which seqeval has too where it isn't told to be strict: a span
/// begins with `B` or `S`, and with `I` or `E` behind `O`, behind the end of another span or behind one of another type; so
/// tags that no scheme allows still are spans.
package struct SpanEvaluation: Sendable, Equatable {
  package struct Count: Sendable, Equatable {
    /// Spans of the corpus, those given, and those of them that are right.
    package fileprivate(set) var corpus = 0
    package fileprivate(set) var given = 0
    package fileprivate(set) var right = 0

    // 0 where there is nothing to divide by.
    package var precision: Double { given > 0 ? Double(right) / Double(given) : 0 }
    package var recall: Double { corpus > 0 ? Double(right) / Double(corpus) : 0 }
    package var f1: Double { given + corpus > 0 ? 2 * Double(right) / Double(given + corpus) : 0 }

    static func + (a: Self, b: Self) -> Self {
      Self(corpus: a.corpus + b.corpus, given: a.given + b.given, right: a.right + b.right)
    }
  }

  private struct Label: Sendable, Equatable {
    enum Place: Character { case begin = "B", inside = "I", end = "E", single = "S", outside = "O" }

    let place: Place
    let type: String

    static let outside = Label(place: .outside, type: "")
    /// What seqeval calls the type of spans that have none.
    private static let noType = "_"

    init(place: Place, type: String) { (self.place, self.type) = (place, type) }

    /// `O`, or a place alone, or one with a hyphen and a type.
    init?(_ tag: String) {
      guard let first = tag.first, let place = Place(rawValue: first) else { return nil }
      let rest = tag.dropFirst()
      if rest.isEmpty {
        self.init(place: place, type: place == .outside ? "" : Self.noType)
      } else if place != .outside, rest.first == "-", rest.count > 1 {
        self.init(place: place, type: String(rest.dropFirst()))
      } else {
        return nil
      }
    }

    /// Whether a span begins with this one.
    func begins(after previous: Label) -> Bool {
      switch place {
      case .outside: false
      case .begin, .single: true
      case .inside, .end:
        previous.place == .outside || previous.place == .end || previous.place == .single || previous.type != type
      }
    }

    /// Whether a span that this one is in is over before the next.
    func ends(before next: Label) -> Bool {
      place != .outside && (next.place == .outside || next.begins(after: self))
    }
  }

  /// By tag.
  private let labels: [Label]
  package private(set) var perType: [String: Count] = [:]
  /// Of the sentence that is under way.
  private var corpus: [Label] = []
  private var given: [Label] = []

  /// Nil for a tagger's tags that say nothing of spans.
  ///
  /// - Parameter foreign: tags of the text behind them, which the tagger never gives; one that no scheme has is in no span.
  package init?(of tags: [String], foreign: [String] = []) {
    let labels = tags.compactMap(Label.init)
    guard labels.count == tags.count, labels.contains(where: { $0.place != .outside }) else { return nil }
    self.labels = labels + foreign.map { Label($0) ?? .outside }
  }

  package var all: Count { perType.values.reduce(Count(), +) }

  /// The next word of a sentence.
  package mutating func add(tag: Int, given: Int) {
    corpus.append(labels[tag])
    self.given.append(labels[given])
  }

  /// A word that the corpus has no tag for: it is in no span.
  mutating func addUntagged() {
    corpus.append(.outside)
    given.append(.outside)
  }

  package mutating func endSentence() {
    let (corpusSpans, givenSpans) = (Self.spans(corpus), Self.spans(given))
    for span in corpusSpans { perType[span.type, default: Count()].corpus += 1 }
    for span in givenSpans {
      perType[span.type, default: Count()].given += 1
      if corpusSpans.contains(span) { perType[span.type, default: Count()].right += 1 }
    }
    corpus.removeAll(keepingCapacity: true)
    given.removeAll(keepingCapacity: true)
  }

  private struct Span: Hashable {
    let words: Range<Int>
    let type: String
  }

  private static func spans(_ labels: [Label]) -> Set<Span> {
    var spans: Set<Span> = []
    var begin: Int?
    for (index, label) in labels.enumerated() {
      if label.begins(after: index > 0 ? labels[index - 1] : .outside) { begin = index }
      if label.ends(before: index + 1 < labels.count ? labels[index + 1] : .outside), let first = begin {
        spans.insert(Span(words: first..<index + 1, type: label.type))
        begin = nil
      }
    }
    return spans
  }
}
