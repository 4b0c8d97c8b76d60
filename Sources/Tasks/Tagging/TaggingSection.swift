import Configuration
import Datasets
import Plots
import Presentation

/// What a tagger makes of a split, as a part of a report: which tags it takes for which, how frequent words matter, and
/// sentences.
struct TaggingSection {
  let report: TaskReport

  /// Confusions that are told in words.
  private static let confusionLimit = 8

  init(_ split: TaggedSplit, name: Split, step: Int) {
    var report = TaskReport()
    let evaluation = split.evaluation
    report.facts = [("On known words", evaluation.known), ("On unknown words", evaluation.unknown)]
      .filter { $0.1.words > 0 }
      .map { name, count in
        let share = ", \(Format.percent(count.words, of: evaluation.all.words)) of all"
        return Fact(name, "\(Format.percent(count.accuracy)) of \(Format.count(count.words))\(share)")
      }
    if split.columns.count > 1 {
      report.facts += evaluation.columns.map { Fact("\($0.column.rawValue) alone", Format.percent($0.accuracy)) }
      report.sections.append(Self.columns(evaluation))
    }
    for column in split.columns.indices {
      let suffix = split.columns.count > 1 ? ": \(split.columns[column].column.rawValue)" : ""
      report.sections += Self.sections(
        TaggingAnalysis(split, column: column), split: name, step: step, suffix: suffix)
    }
    self.report = report
  }

  /// The columns beside each other.
  private static func columns(_ evaluation: TaggingEvaluation) -> ReportSection {
    func row(_ name: String, _ known: ColumnEvaluation.Count, _ unknown: ColumnEvaluation.Count) -> [String] {
      [name] + [known + unknown, known, unknown].map { Format.percent($0.accuracy) }
    }
    var section = ReportSection("Columns")
    section.panels = [
      .table(
        title: "Accuracy",
        Table(
          ["Column", "All words", "Known words", "Unknown words"],
          evaluation.columns.map { row($0.column.rawValue, $0.known, $0.unknown) }
            + [row("All together", evaluation.known, evaluation.unknown)])),
      .table(
        title: "As the CoNLL 2018 evaluation counts",
        Table(["Figure", "Accuracy"], evaluation.conll2018.map { [$0.name, Format.percent($0.accuracy)] })),
    ]
    return section
  }

  /// - Parameter suffix: what titles end in, to tell columns apart.
  private static func sections(
    _ analysis: TaggingAnalysis, split: Split, step: Int, suffix: String
  ) -> [ReportSection] {
    let evaluation = analysis.evaluation
    var sections = [errors(analysis, split: split, step: step)]
    if !analysis.faultless.isEmpty {
      var right = ReportSection("Sentences without an error")
      right.sentences = analysis.faultless.map { $0.map(word) }
      sections.append(right)
    }
    var tags = ReportSection("Tags")
    tags.panels =
      [frequency(analysis.bands).map(ReportSection.Panel.figure)].compactMap(\.self)
      + [.table(title: "Tag by tag", scores(evaluation))]
      + [confusion(evaluation).map(ReportSection.Panel.figure)].compactMap(\.self)
    sections.append(tags)
    return sections.map { section in
      var section = section
      section.title += suffix
      return section
    }
  }

  /// What it gets wrong: the most frequent confusions, and sentences that have some.
  private static func errors(_ analysis: TaggingAnalysis, split: Split, step: Int) -> ReportSection {
    let evaluation = analysis.evaluation
    var section = ReportSection(
      "Errors",
      paragraphs: [
        "The checkpoint of step \(Format.count(step)) on the \(split.rawValue) split: "
          + "\(Format.percent(evaluation.accuracy)) of \(Format.count(evaluation.all.words, "word")) tagged right. "
          + "\(Format.count(analysis.erroneousCount)) of \(Format.count(analysis.sentenceCount, "sentence")) "
          + "\(analysis.erroneousCount == 1 ? "has" : "have") an error."
      ])
    section.items = analysis.confusions.prefix(confusionLimit).map { confusion in
      let forms = confusion.forms.map { "\($0.form) \(Format.count($0.count))" }.joined(separator: ", ")
      return "\(confusion.right) taken for \(confusion.given): \(Format.count(confusion.words, "word")) (\(forms))"
    }
    if !analysis.erroneous.isEmpty {
      section.paragraphs.append(
        "Below the confusions, sentences: the tagger’s tag is struck out, and the corpus’ stands behind it.")
      section.sentences = analysis.erroneous.map { $0.map(word) }
    }
    return section
  }

  private static func word(_ word: TaggingAnalysis.Word) -> ReportSection.Word {
    ReportSection.Word(word.form, given: word.given, correction: word.right == word.given ? nil : word.right)
  }

  private static func scores(_ evaluation: ColumnEvaluation) -> Table {
    Table(
      ["Tag", "Words", "Precision", "Recall", "F1"],
      evaluation.perTag.filter { $0.words > 0 || $0.precision > 0 }.map { score in
        [
          score.tag, Format.count(score.words), Format.percent(score.precision), Format.percent(score.recall),
          Format.percent(score.f1),
        ]
      })
  }

  private static func frequency(_ bands: [TaggingAnalysis.Band]) -> Figure? {
    let shown = bands.filter { $0.words > 0 }
    guard !shown.isEmpty else { return nil }
    let points = shown.enumerated().map { index, band in
      let share = 100 * Double(band.right) / Double(band.words)
      return Series.Point(
        Double(index), share,
        note: "\(name(of: band)): \(Format.percent(share / 100)) of \(Format.count(band.words, "word"))")
    }
    let plot = Plot(
      title: "Accuracy by a word’s frequency in the training split",
      description: points.compactMap(\.note).map { "\($0)." }.joined(separator: " "),
      x: Axis("occurrences of the word in the training split", scale: .categories(shown.map(name(of:)))),
      y: Axis("accuracy (%)", including: [0, 100]), series: [Series("", mark: .bars, points: points)])
    let counts = shown.map { "\(name(of: $0)): \(Format.count($0.words))" }
    return Figure(
      "Accuracy by frequency", plot, note: "Words in each bar: \(counts.joined(separator: "; ")).")
  }

  private static func name(of band: TaggingAnalysis.Band) -> String {
    let (least, most) = (band.occurrences.lowerBound, band.occurrences.upperBound)
    if least == most { return Format.count(least) }
    return most == .max ? "\(Format.count(least))+" : "\(Format.count(least))–\(Format.count(most))"
  }

  private static func confusion(_ evaluation: ColumnEvaluation) -> Figure? {
    let counts = evaluation.confusion
    let (shown, isPart) = evaluation.shownTags
    guard !shown.isEmpty else { return nil }
    let names = Axis.Scale.categories(shown.map { evaluation.tags[$0] })
    let rows = shown.map { row in shown.map { counts[row][$0] } }
    let wrong = evaluation.all.words - evaluation.all.right
    let map = HeatMap(
      title: "Confusion matrix",
      description:
        "Rows: the corpus’ tags; columns: the tags given. \(Format.count(wrong, "word")) off the diagonal.",
      x: Axis("tag given", scale: names), y: Axis("tag in the corpus", scale: names),
      color: Axis("words", scale: .logarithmic),
      // What is right would drown what isn't.
      rows: rows.enumerated().map { row, counts in
        counts.enumerated().map { $0 == row || $1 == 0 ? nil : Double($1) }
      },
      texts: rows.map { $0.map { $0 == 0 ? "" : String($0) } })
    return Figure(
      "Which tags it takes for which", map,
      note: "Colours are for errors alone; on the diagonal is what is right."
        + (isPart ? " Only the \(shown.count) tags with the most errors." : ""),
      isWide: true)
  }
}
