import Datasets

/// Tagged sentences as CoNLL-U, or as `word/TAG` with a sentence a line.
struct TaggedOutput {
  let column: TagColumn
  /// Nil for the format that each sentence came in.
  let format: TaggerInput.Format?

  func write(_ sentence: TaggerInput.Sentence, _ tags: [String], to text: inout [UInt8]) {
    switch (sentence, format) {
    // Bytes as they were, but for one column.
    case (.treebank(let sentence), nil), (.treebank(let sentence), .conllu):
      text += sentence.replacing(column, with: tags)
    case (.line(let words), .conllu): writeTreebank(words, tags, to: &text)
    case (.line, _), (.treebank, .text):
      let pairs = zip(sentence.words, tags).map { "\($0)/\($1)" }
      text += pairs.joined(separator: " ").utf8
      text.append(UInt8(ascii: "\n"))
    }
  }

  private func writeTreebank(_ words: [String], _ tags: [String], to text: inout [UInt8]) {
    guard !words.isEmpty else { return }
    for (index, (word, tag)) in zip(words, tags).enumerated() {
      let (upos, xpos) = column == .upos ? (tag, "_") : ("_", tag)
      text += "\(index + 1)\t\(word)\t_\t\(upos)\t\(xpos)\t_\t_\t_\t_\t_\n".utf8
    }
    text.append(UInt8(ascii: "\n"))
  }
}
