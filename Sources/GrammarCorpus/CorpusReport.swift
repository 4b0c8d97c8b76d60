import Foundation

/// How hard a corpus is: for the model that knows its grammar, and for n-gram models that must learn it.
package struct CorpusReport: Sendable, CustomStringConvertible {
  /// Perplexities are per token, with each sentence's end counted as a token.
  package struct Split: Sendable {
    package let name: String
    package let sentences: Int
    /// Each sentence's end included.
    package let tokens: Int
    /// exp of the mean of -log P(sentence) per token, P by the grammar. No model can be expected to do better on
    /// sentences it has not seen.
    package let truePerplexity: Double
    package let trigramPerplexity: Double
    package let unigramPerplexity: Double
  }

  package let splits: [Split]

  /// Scores every sentence exactly; the n-gram models are trained on the first split.
  package init(grammar: Grammar, splits: [EnglishCorpus.Split]) {
    let training = splits.first?.sentences.map { $0.map(\.word) } ?? []
    let trigram = NGramModel(order: 3, vocabulary: grammar.words, sentences: training)
    let unigram = NGramModel(order: 1, vocabulary: grammar.words, sentences: training)
    self.splits = splits.map { split in
      let sentences = split.sentences.map { $0.map(\.word) }
      let tokens = sentences.reduce(0) { $0 + $1.count + 1 }
      let nats = sentences.reduce(0) { $0 - grammar.logProbability(of: $1) }
      return Split(
        name: split.name, sentences: sentences.count, tokens: tokens, truePerplexity: exp(nats / Double(tokens)),
        trigramPerplexity: trigram.perplexity(of: sentences), unigramPerplexity: unigram.perplexity(of: sentences))
    }
  }

  /// A table in Markdown.
  package var description: String {
    var lines = [
      "| split | sentences | tokens | true perplexity | trigram | unigram |",
      "|---|---:|---:|---:|---:|---:|",
    ]
    for split in splits {
      let perplexities = [split.truePerplexity, split.trigramPerplexity, split.unigramPerplexity]
      let cells = perplexities.map { String(format: "%.2f", $0) }.joined(separator: " | ")
      lines.append("| \(split.name) | \(split.sentences) | \(split.tokens) | \(cells) |")
    }
    return lines.joined(separator: "\n")
  }
}
