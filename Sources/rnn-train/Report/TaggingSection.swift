import Compute
import Datasets
import Plots
import Training

/// What a tagger makes of a split: which tags it takes for which, how frequent words matter, and sentences.
struct TaggingSection {
  struct Score {
    let tag: String
    let words: String
    let precision: String
    let recall: String
    let f1: String
  }

  struct Word {
    let form: String
    let given: String
    /// The corpus' tag, where it is another.
    let correction: String?
  }

  struct Sentence {
    let words: [Word]
  }

  let introduction: String
  let facts: [ReportPage.Fact]
  let frequency: ReportPage.Figure?
  let confusion: ReportPage.Figure?
  let scores: [Score]
  let sentences: [Sentence]

  /// Measures the tagger on the validation split, like the run itself; without one, on the test split.
  init(_ checkpoint: Checkpoint, file: String, kernels: Kernels, workers: Workers, _ console: Console) throws {
    let dataset = try DatasetCache.dataset(for: checkpoint.configuration, console)
    let (name, split, _) = try checkpoint.split(
      [.validation, .test], file: file, remedy: "a tagger is measured on one", console)
    let analysis = try TaggingAnalysis(
      checkpoint, file: file, of: split, dataset: dataset, kernels: kernels, workers: workers)
    let evaluation = analysis.evaluation
    introduction =
      "The checkpoint of step \(Format.count(checkpoint.state.step)) on the \(name.rawValue) split: "
      + "\(Format.percent(evaluation.accuracy)) of \(Format.count(evaluation.all.words)) words are tagged right."
    facts = [("On known words", evaluation.known), ("On unknown words", evaluation.unknown)]
      .filter { $0.1.words > 0 }
      .map { ReportPage.Fact(name: $0, value: Format.percent($1.accuracy)) }
    frequency = Self.frequency(analysis.bands)
    confusion = Self.confusion(evaluation)
    scores = evaluation.perTag.filter { $0.words > 0 || $0.precision > 0 }.map { score in
      Score(
        tag: score.tag, words: Format.count(score.words), precision: Format.percent(score.precision),
        recall: Format.percent(score.recall), f1: Format.percent(score.f1))
    }
    sentences = analysis.sentences.map { words in
      Sentence(
        words: words.map { word in
          Word(form: word.form, given: word.given, correction: word.right == word.given ? nil : word.right)
        })
    }
  }

  private static func frequency(_ bands: [TaggingAnalysis.Band]) -> ReportPage.Figure? {
    let shown = bands.filter { $0.words > 0 }
    guard !shown.isEmpty else { return nil }
    let points = shown.enumerated().map { index, band in
      let share = 100 * Double(band.right) / Double(band.words)
      return Series.Point(
        Double(index), share,
        note: "\(Format.percent(share / 100)) of \(Format.count(band.words)) words")
    }
    let plot = Plot(
      title: "Accuracy by a word’s frequency in the training split",
      description: zip(shown, points).map { "\(name(of: $0)): \($1.note ?? "")." }.joined(separator: " "),
      x: Axis("occurrences of the word in the training split", scale: .categories(shown.map(name(of:)))),
      y: Axis("accuracy (%)", including: [0, 100]), series: [Series("", mark: .bars, points: points)])
    let counts = shown.map { "\(name(of: $0)): \(Format.count($0.words))" }
    return ReportPage.Figure(
      "Accuracy by frequency", plot, note: "Words in each bar: \(counts.joined(separator: "; ")).")
  }

  private static func name(of band: TaggingAnalysis.Band) -> String {
    let (least, most) = (band.occurrences.lowerBound, band.occurrences.upperBound)
    if least == most { return Format.count(least) }
    return most == .max ? "\(Format.count(least))+" : "\(Format.count(least))–\(Format.count(most))"
  }

  private static func confusion(_ evaluation: TaggingEvaluation) -> ReportPage.Figure? {
    let counts = evaluation.confusion
    // Tags that occur, or were given.
    let shown = evaluation.tags.indices.filter { tag in
      counts[tag].contains { $0 > 0 } || counts.contains { $0[tag] > 0 }
    }
    guard !shown.isEmpty else { return nil }
    let names = Axis.Scale.categories(shown.map { evaluation.tags[$0] })
    let rows = shown.map { row in shown.map { counts[row][$0] } }
    let wrong = evaluation.all.words - evaluation.all.right
    let map = HeatMap(
      title: "Confusion matrix",
      description:
        "Rows: the corpus’ tags; columns: the tags given. \(Format.count(wrong)) words lie off the diagonal.",
      x: Axis("tag given", scale: names), y: Axis("tag in the corpus", scale: names),
      color: Axis("words", scale: .logarithmic), rows: rows.map { $0.map { $0 == 0 ? nil : Double($0) } },
      texts: rows.map { $0.map { $0 == 0 ? "" : String($0) } })
    return ReportPage.Figure("Which tags it takes for which", map, isWide: true)
  }
}
