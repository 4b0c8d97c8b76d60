import Foundation
import GrammarCorpus
import Testing

/// The shipped grammar: its probabilities, and a linguist's judgements on its sentences.
struct EnglishGrammarTests {
  private let grammar: Grammar
  private let sample: [SampledSentence]

  init() throws {
    let grammar = try EnglishGrammar.load()
    self.grammar = grammar
    sample = (0..<2000).map { grammar.sentence($0, ofSplit: "sample", seed: 7) }
  }

  private func accepts(_ sentence: String) -> Bool {
    grammar.isGrammatical(sentence.split(separator: " ").map(String.init))
  }

  /// The mean of the values and its standard error.
  private func meanAndError(_ values: [Double]) -> (mean: Double, error: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    return (mean, (variance / count).squareRoot())
  }

  @Test func derivationsEnd() {
    #expect(grammar.growthRate < 0.8)
    #expect(grammar.growthRate > 0.2, "nothing is embedded in anything")
  }

  @Test func sampledLengthAgreesWithTheExpectation() {
    let (mean, error) = meanAndError(sample.map { Double($0.words.count) })
    #expect(abs(mean - grammar.expectedWords) < 4 * error)
  }

  @Test func sampledDerivationsAgreeWithTheirEntropy() {
    let (mean, error) = meanAndError(sample.map { -$0.derivationLogProbability })
    #expect(error < 0.02 * mean)
    #expect(abs(mean - grammar.derivationEntropy) < 4 * error)
  }

  @Test func everySampledSentenceIsAtLeastAsProbableAsItsDerivation() {
    var ambiguous = 0
    for sentence in sample {
      let logProbability = grammar.logProbability(of: sentence.words.map(\.word))
      #expect(logProbability > sentence.derivationLogProbability - 1e-9)
      if logProbability > sentence.derivationLogProbability + 1e-6 { ambiguous += 1 }
    }
    #expect(ambiguous > 0 && ambiguous < sample.count / 2)
  }

  @Test(arguments: [
    "the dogs near the barn run .",
    "the dog near the barns runs .",
    "the farmer who feeds the horses sleeps .",
    "the horses that the farmer feeds run .",
    "the captain that the pirates warned sails .",
    "yesterday the queens washed themselves .",
    "the queen near the towers washes herself .",
    "the queen who loves the king washes herself .",
    "Hanna found her book .",
    "does the king who loves the princesses dance ?",
    "what did the knights steal ?",
    "the student says that Felix will read the poem .",
    "there are two dragons near the castle .",
    "the fish floats .",
    "the fish float .",
  ])
  func accepts(grammatical sentence: String) {
    #expect(accepts(sentence))
  }

  @Test(arguments: [
    // Agreement across nouns of the other number.
    "the dogs near the barn runs .",
    "the dog near the barns run .",
    "the farmer who feeds the horses sleep .",
    "the horses that the farmer feed run .",
    "a dogs run .",
    // Reflexives and possessives of another person.
    "the queen who loves the king washes himself .",
    "the queens washed herself .",
    "Hanna found his book .",
    // Tense and form set by a word further back.
    "yesterday the queens wash themselves .",
    "does the king who loves the princesses dances ?",
    "the swans are fly .",
    // A gap that is filled, and a missing object.
    "the horses that the farmer feeds the dog run .",
    "the farmer feeds .",
    // A noun of one theme with a verb of another.
    "the whale grazes .",
    "the king repairs the crown .",
    // Unfinished, or more than one sentence.
    "the dog runs",
    "the dog runs . the cow runs .",
  ])
  func rejects(ungrammatical sentence: String) {
    let words = Set(grammar.words)
    #expect(sentence.split(separator: " ").allSatisfy { words.contains(String($0)) }, "rejected for an unknown word")
    #expect(!accepts(sentence))
  }

  @Test func wordsAfterAnArticleBeginWithConsonants() {
    for sentence in sample {
      for (article, next) in zip(sentence.words, sentence.words.dropFirst()) where article.word == "a" {
        #expect(!"aeiou".contains(next.word.prefix(1)), "a \(next.word)")
      }
    }
  }

  @Test func someWordsHaveSeveralTags() {
    let tagged = Set(sample.flatMap(\.words))
    let tags = Dictionary(grouping: tagged, by: \.word).mapValues { Set($0.map(\.tag)) }
    #expect(tags["that"] == ["DET", "PRON", "SCONJ"])
    #expect(tags["fish"] == ["NOUN", "VERB"])
    #expect(tags["dogs"] == ["NOUN"])
    let universal: Set = [
      "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "VERB",
    ]
    #expect(Set(tagged.map(\.tag)) == universal)
  }
}
