/// The tokens that a model knows; a token's id is its row.
package struct Vocabulary: Sendable, Equatable {
  /// Stands for every token that is not in the vocabulary.
  package static let unknownToken = "<unk>"
  /// Ends a line at word level.
  package static let endOfLineToken = "</s>"

  package let tokens: [String]
  package let unknownId: Int32?
  package let endOfLineId: Int32?
  private let ids: [String: Int32]

  /// - Precondition: no token occurs twice; a reader of files checks that before it gets here.
  package init(tokens: [String]) {
    self.tokens = tokens
    ids = Dictionary(uniqueKeysWithValues: zip(tokens, Int32(0)...))
    unknownId = ids[Self.unknownToken]
    endOfLineId = ids[Self.endOfLineToken]
  }

  package var count: Int { tokens.count }

  /// The id of a token, that of `<unk>` if the vocabulary lacks it, and nil if it lacks that too.
  package func id(of token: some StringProtocol) -> Int32? { ids[String(token)] ?? unknownId }

  package static func == (a: Vocabulary, b: Vocabulary) -> Bool { a.tokens == b.tokens }
}
