/// Counts words that a vocabulary lacks only as they are written: in another Unicode normalization form it has them. People
/// can't see the difference, and a model takes one such word for any other unknown one.
package struct NormalizationCheck: Sendable {
  /// All words that were noted.
  package private(set) var words = 0
  /// Those of them that the vocabulary has in another form.
  package private(set) var otherForms = 0
  private let vocabulary: Vocabulary
  /// The vocabulary's tokens that can have several forms; nil until it matters.
  private var tokens: Set<String>?

  package init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  /// Takes in a word that occurs so many times. Amortised O(length of the word).
  package mutating func note(_ word: String, count: Int = 1) {
    words += count
    guard Self.hasForms(word), vocabulary.knownId(of: word) == nil else { return }
    let tokens = tokens ?? Set(vocabulary.tokens.filter(Self.hasForms))
    self.tokens = tokens
    // Strings are equal in any form.
    if tokens.contains(vocabulary.isLowercase ? word.inLowercase : word) { otherForms += count }
  }

  /// Takes in words that the vocabulary has as they are. O(1).
  mutating func noteKnown(_ count: Int) { words += count }

  /// ASCII is the same in all forms.
  private static func hasForms(_ word: String) -> Bool { word.utf8.contains { $0 >= 0x80 } }

  /// What a user wants to know of it; nil if it is nothing.
  package var notice: String? { Self.notice(otherForms: otherForms, of: words) }

  static func notice(otherForms: Int, of words: Int) -> String? {
    guard otherForms > 0 else { return nil }
    let share = Double((1000 * Double(otherForms) / Double(words)).rounded()) / 10
    return
      "\(share)% of the words (\(otherForms) of \(words)) are unknown to the model only because they are in another Unicode "
      + "normalization form than its own; bring the text into that first (for example: uconv -x any-nfc)"
  }
}
