import Compute
import Datasets
import Models

/// What a model makes of its task, for people to look at: a few lines that it writes, or a sentence that it tags. It is the
/// same each time it is asked for, and changes nothing.
package enum ModelSample {
  /// - Parameter file: what errors call the checkpoint.
  package static func text(
    of checkpoint: Checkpoint, file: String, dataset: SequenceDataset, kernels: Kernels
  ) throws -> String {
    try text(
      of: checkpoint.parameters(file: file, kernels: kernels), dataset: dataset, tagging: checkpoint.tagging)
  }

  /// - Parameter tagging: a tagger's; nil for a language model.
  static func text(
    of parameters: Parameters, dataset: SequenceDataset, tagging: TaggingVocabulary?
  ) throws -> String {
    guard let tagging else {
      return try writing(
        TextGenerator(parameters, vocabulary: dataset.vocabulary, tokenization: dataset.tokenization), of: dataset)
    }
    let tagger = Tagger(
      parameters, vocabulary: dataset.vocabulary, tagging: tagging, workers: Workers(count: 1))
    return tagged(by: tagger, tagging, of: dataset)
  }

  /// A few lines; one that was cut off at its end says so.
  private static func writing(_ generator: TextGenerator, of dataset: SequenceDataset) throws -> String {
    var text = ""
    try generator.generate(
      prompt: "", length: dataset.tokenization == .character ? 160 : 30, sampling: Sampling()
    ) { text += $0 }
    if !text.hasSuffix("\n") { text += " ..." }
    return text.split(separator: "\n").joined(separator: "\n")
  }

  /// A sentence of some length; where a tag isn't the corpus', that one follows.
  private static func tagged(
    by tagger: Tagger, _ tagging: TaggingVocabulary, of dataset: SequenceDataset
  ) -> String {
    let split = dataset.splits[.test] ?? dataset.splits[.validation] ?? dataset.splits[.train]
    guard let split, let forms = split.forms, let gold = split.tags,
      let sentence = example(in: split, forms, of: dataset)
    else { return "" }
    let words = sentence.map { dataset.forms[Int(forms[$0])] }
    let lines = zip(zip(words, tagger.tag([words])[0]), sentence).map { pair, position in
      let right = gold[position] < 0 ? pair.1 : tagging.tags[Int(gold[position])]
      return (word: pair.0, tag: pair.1, note: pair.1 == right ? "" : "(the corpus has \(right))")
    }
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    let wordWidth = lines.map(\.word.count).max() ?? 0
    let tagWidth = lines.map(\.tag.count).max() ?? 0
    return lines.map { line in
      let tag = line.note.isEmpty ? line.tag : padded(line.tag, tagWidth) + "  " + line.note
      return padded(line.word, wordWidth) + "  " + tag
    }.joined(separator: "\n")
  }

  /// Of sentences that are neither short nor long, whose words the training split has, the one with the most words that
  /// have several tags there: what there is to learn can be seen in it.
  private static func example(
    in split: TokenSequence, _ forms: [Int32], of dataset: SequenceDataset
  ) -> Range<Int>? {
    var tags: [Int32: Set<Int32>] = [:]
    if let train = dataset.splits[.train], let trainForms = train.forms, let trainTags = train.tags {
      for (form, tag) in zip(trainForms, trainTags) { tags[form, default: []].insert(tag) }
    }
    let sentences = (0..<split.sentenceCount).map { split.range(ofSentence: $0) }
    let short = sentences.filter { (8...14).contains($0.count) }
    let known = short.filter { $0.allSatisfy { tags[forms[$0]] != nil } }
    func doubts(_ sentence: Range<Int>) -> Int { sentence.count { tags[forms[$0], default: []].count > 1 } }
    return known.max { doubts($0) < doubts($1) } ?? short.first ?? sentences.first
  }
}
