import Foundation
import GrammarCorpus
import Testing

struct NGramModelTests {
  private let vocabulary = ["a", "b"]

  /// By hand. Bigrams, # for a sentence's end: #a 3, ab 2, b# 2, aa 1, a# 1, so the discount is 2 / (2 + 2 * 2) = 1/3.
  /// Distinct words before: a 2, b 1, # 2, so the discount is 1 / (1 + 2 * 2) = 1/5 and p(#) = p(a) = 0.4, p(b) = 0.2.
  @Test func bigramsMatchAHandCalculation() {
    let model = NGramModel(order: 2, vocabulary: vocabulary, sentences: [["a", "b"], ["a", "b"], ["a", "a"]])
    let aAfterStart = (3 - 1.0 / 3) / 3 + (1.0 / 3) / 3 * 0.4
    let bAfterA = (2 - 1.0 / 3) / 4 + (1.0 / 3) * 3 / 4 * 0.2
    let endAfterB = (2 - 1.0 / 3) / 2 + (1.0 / 3) / 2 * 0.4
    let expected = pow(aAfterStart * bAfterA * endAfterB, -1.0 / 3)
    #expect(abs(model.perplexity(of: [["a", "b"]]) - expected) < 1e-12)
  }

  @Test(arguments: 1...4)
  func probabilitiesOfAllSentencesSumToOne(order: Int) {
    let training = [["a", "b"], ["a"], ["b", "b", "a"], ["a", "b"], []]
    let model = NGramModel(order: order, vocabulary: vocabulary, sentences: training)
    func probability(_ sentence: [String]) -> Double {
      pow(model.perplexity(of: [sentence]), -Double(sentence.count + 1))
    }
    var sentences: [[String]] = [[]]
    var sum = 0.0
    for _ in 0...13 {
      sum += sentences.reduce(0) { $0 + probability($1) }
      sentences = sentences.flatMap { prefix in vocabulary.map { prefix + [$0] } }
    }
    #expect(sum < 1 + 1e-9)
    #expect(sum > 0.97)
  }

  @Test func unseenWordsKeepSomeProbability() {
    let model = NGramModel(order: 3, vocabulary: vocabulary, sentences: [["a", "a"], ["a"]])
    #expect(model.perplexity(of: [["b"]]).isFinite)
    #expect(model.perplexity(of: [["b"]]) > model.perplexity(of: [["a"]]))
  }
}
