import Datasets
import Inference
import Presentation

/// A sentence that a tagger tags, for people to look at: the same each time.
struct TaggedSample {
  private let dataset: SequenceDataset
  private let columns: [TagSet]

  init(of dataset: SequenceDataset, columns: [TagSet]) {
    self.dataset = dataset
    self.columns = columns
  }

  /// A sentence of some length; where a tag isn't the corpus', that one follows.
  func text(by tagger: Tagger) throws -> String {
    let split = dataset.splits[.test] ?? dataset.splits[.validation] ?? dataset.splits[.train]
    guard let split, let forms = try split.forms?.all(), split.tags.count == columns.count,
      let sentence = try example(in: split, forms)
    else {
      return ""
    }
    let words = sentence.map { dataset.forms[Int(forms[$0])] }
    let tags = try split.tags.map { try $0.numbers(in: sentence) }
    let lines = zip(words, tagger.tag([words])[0]).enumerated().map { index, pair in
      let right = columns.indices.map { column in
        let gold = tags[column][index]
        return gold < 0 ? pair.1[column] : columns[column].tags[Int(gold)]
      }
      let tags = pair.1.joined(separator: "  ")
      return (word: pair.0, tag: tags, note: pair.1 == right ? "" : "(the corpus has \(right.joined(separator: "  ")))")
    }
    let wordWidth = lines.map(\.word.columns).max() ?? 0
    let tagWidth = lines.map(\.tag.columns).max() ?? 0
    return lines.map { line in
      let tag = line.note.isEmpty ? line.tag : line.tag.padded(to: tagWidth) + "  " + line.note
      return line.word.padded(to: wordWidth) + "  " + tag
    }.joined(separator: "\n")
  }

  /// Of sentences that are neither short nor long, whose words the training split has, the one with the most words that
  /// have several tags there: what there is to learn can be seen in it.
  private func example(in split: TokenSequence, _ forms: [Int32]) throws -> Range<Int>? {
    var known: [Int32: Set<Int32>] = [:]
    if let train = dataset.splits[.train], let trainForms = train.forms, let trainTags = train.tags.first {
      try [trainForms, trainTags].forEachPiece { pieces, _ in
        for (form, tag) in zip(pieces[0], pieces[1]) { known[form, default: []].insert(tag) }
      }
    }
    let sentences = try split.sentenceRanges()
    let short = sentences.filter { (8...14).contains($0.count) }
    let familiar = short.filter { $0.allSatisfy { known[forms[$0]] != nil } }
    func doubts(_ sentence: Range<Int>) -> Int { sentence.count { known[forms[$0], default: []].count > 1 } }
    return familiar.max { doubts($0) < doubts($1) } ?? short.first ?? sentences.first
  }
}
