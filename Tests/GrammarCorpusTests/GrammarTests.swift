import Foundation
import GrammarCorpus
import Testing

/// Grammars small enough to check by hand.
struct GrammarTests {
  /// "a b" has three derivations: the pair "a b", the pair "a" + "b", and the sentence "a" + "b".
  private let ambiguous = """
    sentence:
      2  pair
      1  a/X pair
    pair:
      1  a/Y b/Y
      1  b/X
      1  a/X pair
    """

  @Test func sumsOverDerivations() throws {
    let grammar = try Grammar(table: ambiguous)
    #expect(abs(exp(grammar.logProbability(of: ["a", "b"])) - 11.0 / 27) < 1e-15)
    #expect(abs(exp(grammar.logProbability(of: ["b"])) - 2.0 / 9) < 1e-15)
    #expect(!grammar.isGrammatical(["b", "a"]))
    #expect(!grammar.isGrammatical(["a"]))
    #expect(!grammar.isGrammatical(["a", "c"]))
    #expect(!grammar.isGrammatical([]))
  }

  /// The strings of up to `length` words over the alphabet.
  private func strings(over alphabet: [String], upTo length: Int) -> [[String]] {
    var all: [[String]] = [[]]
    var longest: [[String]] = [[]]
    for _ in 0..<length {
      longest = longest.flatMap { prefix in alphabet.map { prefix + [$0] } }
      all += longest
    }
    return all
  }

  @Test func probabilitiesOfAllStringsSumToOne() throws {
    let finite = try Grammar(
      table: """
        sentence:
          3  phrase phrase
          1  phrase a/X
        phrase:
          5  a/X
          2  a/X b/X
          1  b/X a/X
          1  a/X a/X
        """)
    let sum = strings(over: ["a", "b"], upTo: 4).reduce(0) { $0 + exp(finite.logProbability(of: $1)) }
    #expect(abs(sum - 1) < 1e-14)

    // Of an infinite language, all but the long strings; a third of what is left goes on at each length.
    let infinite = try Grammar(table: ambiguous)
    let partial = strings(over: ["a", "b"], upTo: 13).reduce(0) { $0 + exp(infinite.logProbability(of: $1)) }
    #expect(partial < 1)
    #expect(partial > 1 - 1e-4)
  }

  @Test func longSentencesDoNotUnderflow() throws {
    let grammar = try Grammar(
      table: """
        sentence:
          1  a/X
          1  a/X sentence
        """)
    let logProbability = grammar.logProbability(of: Array(repeating: "a", count: 2000))
    #expect(abs(logProbability + 2000 * log(2)) < 1e-9)
  }

  @Test func expectationsFollowFromTheProbabilities() throws {
    // A geometric number of words: p = 1/4 to go on.
    let grammar = try Grammar(
      table: """
        sentence:
          3  a/X
          1  a/X sentence
        """)
    let choiceEntropy = -(0.75 * log(0.75) + 0.25 * log(0.25))
    #expect(abs(grammar.expectedWords - 4.0 / 3) < 1e-11)
    #expect(abs(grammar.derivationEntropy - choiceEntropy * 4 / 3) < 1e-11)
    #expect(abs(grammar.growthRate - 0.25) < 1e-12)
  }

  @Test func featuresMakeCopiesAndShareWeights() throws {
    let grammar = try Grammar(
      table: """
        number = singular*3 plural   # three to one
        sentence:
          1  noun.<number> verb.<number>
        noun.<number>:
          1  the/DET cat.<number>
        verb.singular:
          1  purrs/VERB
        verb.plural:
          1  purr/VERB
        cat: NOUN cat mouse/mice
        """)
    #expect(abs(exp(grammar.logProbability(of: ["the", "cat", "purrs"])) - 0.75 * 4 / 7) < 1e-15)
    #expect(abs(exp(grammar.logProbability(of: ["the", "mice", "purr"])) - 0.25 * 3 / 7) < 1e-15)
    #expect(!grammar.isGrammatical(["the", "mice", "purrs"]))
  }

  @Test(arguments: [
    ("VERB feed/fed", ["feeds", "feed", "fed", "feed", "feeding"]),
    ("VERB dive", ["dives", "dive", "dived", "dive", "diving"]),
    ("VERB carry", ["carries", "carry", "carried", "carry", "carrying"]),
    ("VERB play", ["plays", "play", "played", "play", "playing"]),
    ("VERB catch/caught", ["catches", "catch", "caught", "catch", "catching"]),
    ("VERB spot", ["spots", "spot", "spotted", "spot", "spotting"]),
    ("VERB visit", ["visits", "visit", "visited", "visit", "visiting"]),
    ("VERB row", ["rows", "row", "rowed", "row", "rowing"]),
  ])
  func inflectsVerbs(list: String, forms: [String]) throws {
    let grammar = try Grammar(
      table: """
        sentence:
          1  v.singular v.plural v.past v.base v.gerund
        v: \(list)
        """)
    #expect(grammar.isGrammatical(forms))
  }

  @Test(arguments: [("princess", "princesses"), ("story", "stories"), ("fish/fish", "fish"), ("boy", "boys")])
  func inflectsNouns(entry: String, plural: String) throws {
    let grammar = try Grammar(table: "sentence:\n  1  n.plural\nn: NOUN \(entry)")
    #expect(grammar.words == [plural])
  }

  @Test(arguments: [
    ("sentence:\n  1  missing", GrammarError.undefinedSymbol("missing")),
    ("sentence:\n  1  other\nother:\n  1  sentence a/X\n  1  b/X", .leftRecursive("sentence")),
    ("sentence:\n  1  word.<tense>", .unknownFeature("tense", line: 2)),
    ("sentence:\n  0  a/X", .malformedLine(2, "  0  a/X")),
    ("sentence:\n  1", .malformedLine(2, "  1")),
    ("  1  a/X", .malformedLine(1, "  1  a/X")),
    ("# no rule\nsentence: NOUN", .malformedLine(2, "sentence: NOUN")),
    ("tense = past*x", .malformedLine(1, "tense = past*x")),
  ])
  func refusesABadTable(table: String, error: GrammarError) {
    #expect(throws: error) { try Grammar(table: table) }
  }

  @Test func refusesAnEndlessGrammar() {
    // Each sentence begets 2/3 * 2 others.
    #expect {
      try Grammar(table: "sentence:\n  1  a/X\n  2  a/X sentence sentence")
    } throws: { error in
      guard case GrammarError.endless(let growth) = error else { return false }
      return abs(growth - 4.0 / 3) < 1e-9
    }
  }
}
