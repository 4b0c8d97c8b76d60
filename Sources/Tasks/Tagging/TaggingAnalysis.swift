import Compute
import Configuration
import Datasets
import Inference

/// How a tagger tags a split, word by word.
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

  let evaluation: TaggingEvaluation
  /// From words that the training split doesn't have to the most frequent ones.
  private(set) var bands = [0...0, 1...1, 2...4, 5...9, 10...99, 100...999, 1000...Int.max].map {
    Band(occurrences: $0)
  }
  /// Some sentences from all over the split, neither short nor long where it has such.
  let sentences: [[Word]]

  private static let exampleCount = 6
  private static let exampleLengths = 6...24

  /// - Parameter split: of the dataset, with tags.
  init(
    _ model: TrainedModel, of split: TokenSequence, in dataset: SequenceDataset, workers: Workers
  ) throws(TaskError) {
    guard let tagging = model.tagging, let tagger = Tagger(model, workers: workers), let forms = split.forms,
      let tags = split.tags
    else { throw .noTags }
    let ranges = (0..<split.sentenceCount).map(split.range(ofSentence:))
    let given = tagger.tag(ranges.map { $0.map { dataset.forms[Int(forms[$0])] } })

    var occurrences: [Int32: Int] = [:]
    for form in dataset.splits[.train]?.forms ?? [] { occurrences[form, default: 0] += 1 }
    let ids = Dictionary(uniqueKeysWithValues: tagging.tags.enumerated().map { ($0.element, $0.offset) })
    var evaluation = TaggingEvaluation(tags: tagging.tags)
    for (range, given) in zip(ranges, given) {
      for (position, given) in zip(range, given) where tags[position] != TaggingVocabulary.noTag {
        guard let given = ids[given] else { continue }
        let (form, right) = (forms[position], tags[position])
        evaluation.add(tag: right, predicted: given, isKnown: form < tagging.trainingWords.count)
        let count = occurrences[form] ?? 0
        guard let band = bands.firstIndex(where: { $0.occurrences.contains(count) }) else { continue }
        bands[band].words += 1
        bands[band].right += given == Int(right) ? 1 : 0
      }
    }
    self.evaluation = evaluation

    let suitable = ranges.indices.filter { Self.exampleLengths.contains(ranges[$0].count) }
    let candidates = suitable.isEmpty ? ranges.indices.filter { !ranges[$0].isEmpty } : suitable
    let count = min(Self.exampleCount, candidates.count)
    sentences = (0..<count).map { number in
      let sentence = candidates[(2 * number + 1) * candidates.count / (2 * count)]
      return zip(ranges[sentence], given[sentence]).map { position, given in
        let right = tags[position] == TaggingVocabulary.noTag ? nil : tagging.tags[Int(tags[position])]
        return Word(form: dataset.forms[Int(forms[position])], given: given, right: right)
      }
    }
  }
}
