import Compute
import Configuration
import Datasets
import Inference

/// A split as a tagger tags it.
struct TaggedSplit {
  let columns: [TagSet]
  /// [sentence] where its words are.
  let ranges: [Range<Int>]
  /// [sentence][word][column] the tags that the tagger gives.
  let given: [[[String]]]
  /// [column][word] the corpus' tags.
  let tags: [[Int32]]
  /// [word] its form, as a number of the dataset's; those of training words come first.
  let forms: [Int32]
  let trainingWords: Int
  /// How often each form comes in the training split.
  let occurrences: [Int32: Int]
  let dataset: SequenceDataset
  let evaluation: TaggingEvaluation

  /// - Parameter split: of the dataset, with tags.
  init(
    _ split: TokenSequence, of dataset: SequenceDataset, by model: TrainedModel, workers: Workers
  ) throws {
    guard let tagging = model.tagging, let tagger = Tagger(model, workers: workers),
      let forms = try split.forms?.all(), split.tags.count == tagging.columns.count
    else { throw TaskError.noTags }
    (columns, trainingWords) = (tagging.columns, tagging.trainingWords.count)
    tags = try split.tags.map { try $0.all() }
    (self.forms, self.dataset) = (forms, dataset)
    ranges = try split.sentenceRanges()
    var occurrences: [Int32: Int] = [:]
    try dataset.splits[.train]?.forms?.forEachPiece { forms, _ in
      for form in forms { occurrences[form, default: 0] += 1 }
    }
    self.occurrences = occurrences
    given = tagger.tag(ranges.map { $0.map { dataset.forms[Int(forms[$0])] } })

    let ids = columns.map { Dictionary(uniqueKeysWithValues: $0.tags.enumerated().map { ($0.element, $0.offset) }) }
    var evaluation = TaggingEvaluation(columns)
    for (range, given) in zip(ranges, given) {
      for (position, given) in zip(range, given) {
        evaluation.add(
          tags: tags.map { $0[position] }, predicted: zip(ids, given).compactMap { $0[$1] },
          isKnown: forms[position] < trainingWords)
      }
      evaluation.endSentence()
    }
    self.evaluation = evaluation
  }
}

/// How a tagger tags one column of a split, word by word.
struct TaggingAnalysis: Sendable {
  struct Word: Sendable, Equatable {
    let form: String
    /// The tag that the tagger gave.
    let given: String
    /// The tag that the corpus has; nil if it has none.
    let right: String?
  }

  /// Words that are about equally frequent in the training split.
  struct Band: Sendable, Equatable {
    let occurrences: ClosedRange<Int>
    var words = 0
    var right = 0
  }

  /// Words of one tag that were given another one.
  struct Confusion: Sendable, Equatable {
    let right: String
    let given: String
    let words: Int
    /// The most frequent of their forms, with how often each of them was taken so.
    let forms: [(form: String, count: Int)]

    static func == (a: Self, b: Self) -> Bool {
      (a.right, a.given, a.words) == (b.right, b.given, b.words) && a.forms.map(\.form) == b.forms.map(\.form)
        && a.forms.map(\.count) == b.forms.map(\.count)
    }
  }

  let evaluation: ColumnEvaluation
  /// The most frequent one first.
  let confusions: [Confusion]
  /// Sentences with a word in them, and those of them that have an error.
  let sentenceCount: Int
  let erroneousCount: Int
  /// From words that the training split doesn't have to the most frequent ones.
  private(set) var bands = [0...0, 1...1, 2...4, 5...9, 10...99, 100...999, 1000...Int.max].map {
    Band(occurrences: $0)
  }
  /// Some sentences with errors, and some without, from all over the split, neither short nor long where it has such.
  let erroneous: [[Word]]
  let faultless: [[Word]]

  private static let erroneousExamples = 8
  private static let faultlessExamples = 2
  private static let exampleForms = 3
  private static let exampleLengths = 6...24

  /// - Parameter column: which of the tagger's.
  init(_ split: TaggedSplit, column: Int) {
    let (set, tags, ranges) = (split.columns[column], split.tags[column], split.ranges)
    let (forms, dataset) = (split.forms, split.dataset)
    let given = split.given.map { $0.map { $0[column] } }
    evaluation = split.evaluation.columns[column]

    for (range, given) in zip(ranges, given) {
      for (position, given) in zip(range, given) where tags[position] != TaggingVocabulary.noTag {
        let count = split.occurrences[forms[position]] ?? 0
        guard let band = bands.firstIndex(where: { $0.occurrences.contains(count) }) else { continue }
        bands[band].words += 1
        bands[band].right += given == set.tags[Int(tags[position])] ? 1 : 0
      }
    }
    /// The tags of a word where they differ.
    func error(at position: Int, given: String) -> (right: String, given: String)? {
      let tag = tags[position]
      guard tag != TaggingVocabulary.noTag, set.tags[Int(tag)] != given else { return nil }
      return (set.tags[Int(tag)], given)
    }
    // By the form's number: strings that look the same would be one.
    var errors: [String: [String: [Int32: Int]]] = [:]
    for (range, given) in zip(ranges, given) {
      for (position, given) in zip(range, given) {
        guard let error = error(at: position, given: given) else { continue }
        errors[error.right, default: [:]][error.given, default: [:]][forms[position], default: 0] += 1
      }
    }
    confusions = errors.flatMap { right, others in
      others.map { given, counts in
        let counted = counts.map { (number: $0.key, form: dataset.forms[Int($0.key)], count: $0.value) }
        let sorted = counted.sorted { ($1.count, $0.form, $0.number) < ($0.count, $1.form, $1.number) }
        return Confusion(
          right: right, given: given, words: counts.values.reduce(0, +),
          forms: sorted.prefix(Self.exampleForms).map { ($0.form, $0.count) })
      }
    }.sorted { ($1.words, $0.right, $0.given) < ($0.words, $1.right, $1.given) }
    let isErroneous = zip(ranges, given).map { range, given in
      zip(range, given).contains { error(at: $0, given: $1) != nil }
    }
    sentenceCount = ranges.count { !$0.isEmpty }
    erroneousCount = isErroneous.count { $0 }

    func examples(_ count: Int, among candidates: [Int]) -> [[Word]] {
      let suitable = candidates.filter { Self.exampleLengths.contains(ranges[$0].count) }
      let candidates = suitable.isEmpty ? candidates : suitable
      let count = min(count, candidates.count)
      return (0..<count).map { number in
        let sentence = candidates[(2 * number + 1) * candidates.count / (2 * count)]
        return zip(ranges[sentence], given[sentence]).map { position, given in
          let right = tags[position] == TaggingVocabulary.noTag ? nil : set.tags[Int(tags[position])]
          return Word(form: dataset.forms[Int(forms[position])], given: given, right: right)
        }
      }
    }
    let sentences = ranges.indices.filter { !ranges[$0].isEmpty }
    erroneous = examples(Self.erroneousExamples, among: sentences.filter { isErroneous[$0] })
    faultless = examples(Self.faultlessExamples, among: sentences.filter { !isErroneous[$0] })
  }
}
