import Foundation

/// The corpus that the project ships in `datasets/english`, and others like it: sentences drawn from `EnglishGrammar`.
package enum EnglishCorpus {
  package struct Split: Sendable {
    package let name: String
    package let sentences: [[TaggedWord]]
  }

  /// What `datasets/english` was made with.
  package static let shippedSeed: UInt64 = 1
  package static let shippedSentences: KeyValuePairs = ["train": 20_000, "validation": 1_000, "test": 1_000]

  /// Draws the named numbers of sentences. A split is a function of the seed and its own name; asking for more
  /// sentences appends to it.
  package static func draw(from grammar: Grammar, seed: UInt64, sentences: KeyValuePairs<String, Int>) -> [Split] {
    sentences.map { name, count in
      Split(name: name, sentences: (0..<count).map { grammar.sentence($0, ofSplit: name, seed: seed).words })
    }
  }

  /// Writes NAME.txt and NAME.conllu for every split and says how hard the corpus is.
  ///
  /// - Parameters:
  ///   - directory: is made if it is not there; files of these names in it are replaced.
  ///   - sentences: how many of each split, none negative. The report's n-gram models learn from the first.
  package static func write(
    to directory: String, seed: UInt64 = shippedSeed, sentences: KeyValuePairs<String, Int> = shippedSentences
  ) throws(GrammarError) -> CorpusReport {
    let grammar = try EnglishGrammar.load()
    let splits = draw(from: grammar, seed: seed, sentences: sentences)
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      for split in splits {
        let stem = directory + "/" + split.name
        try text(of: split).write(toFile: stem + ".txt", atomically: true, encoding: .utf8)
        try conllu(of: split).write(toFile: stem + ".conllu", atomically: true, encoding: .utf8)
      }
    } catch {
      throw .cannotWrite(path: directory, reason: error.localizedDescription)
    }
    return CorpusReport(grammar: grammar, splits: splits)
  }

  /// A sentence a line, its tokens separated by single spaces.
  static func text(of split: Split) -> String {
    split.sentences.map { line(of: $0) + "\n" }.joined()
  }

  /// CoNLL-U with FORM and UPOS; the other columns are not known to the grammar and hold `_`.
  static func conllu(of split: Split) -> String {
    var result = ""
    for (index, sentence) in split.sentences.enumerated() {
      result += "# sent_id = \(split.name)-\(index + 1)\n# text = \(line(of: sentence))\n"
      for (index, token) in sentence.enumerated() {
        result += "\(index + 1)\t\(token.word)\t_\t\(token.tag)\t_\t_\t_\t_\t_\t_\n"
      }
      result += "\n"
    }
    return result
  }

  private static func line(of sentence: [TaggedWord]) -> String {
    sentence.map(\.word).joined(separator: " ")
  }
}
