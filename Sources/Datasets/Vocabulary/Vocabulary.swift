/// The tokens that a model knows; a token's id is its row.
///
/// Tokens differ if their bytes do: "é" as one scalar and "é" as two are two tokens, as they are two strings to a
/// program in any other language that reads the file.
package struct Vocabulary: Sendable, Equatable {
  /// Stands for every token that is not in the vocabulary.
  package static let unknownToken = "<unk>"
  /// Ends a line at word level.
  package static let endOfLineToken = "</s>"

  package let tokens: [String]
  package let unknownId: Int32?
  package let endOfLineId: Int32?
  /// Whether words are looked up in lower case (see `inLowercase`), in which all tokens are.
  package let isLowercase: Bool
  let table: TokenTable

  /// - Precondition: no token occurs twice; a reader of files asks `repeatedToken(in:)` before it gets here.
  package init(tokens: [String], isLowercase: Bool = false) {
    let table = TokenTable(tokens)
    precondition(table.count == tokens.count, "a vocabulary's tokens are different")
    self.tokens = tokens
    self.table = table
    self.isLowercase = isLowercase
    unknownId = table.number(of: Self.unknownToken)
    endOfLineId = table.number(of: Self.endOfLineToken)
  }

  package var count: Int { tokens.count }

  /// The id of a token, that of `<unk>` if the vocabulary lacks it, and nil if it lacks that too.
  package func id(of token: some StringProtocol) -> Int32? { knownId(of: token) ?? unknownId }

  /// The id of a token that the vocabulary has.
  package func knownId(of token: some StringProtocol) -> Int32? {
    isLowercase ? table.number(of: token.inLowercase) : table.number(of: token)
  }

  /// The ids of a table's tokens, `missing` for those that the vocabulary lacks. O(their length).
  func ids(of words: TokenTable, missing: Int32) -> [Int32] {
    if !isLowercase { return table.numbers(of: words, missing: missing) }
    return (0..<words.count).map { knownId(of: words[$0]) ?? missing }
  }

  /// A token of a list that isn't in lower case: no word would ever be found as that.
  package static func casedToken(in tokens: [String]) -> String? { tokens.first { !$0.isInLowercase } }

  /// A token that stands in the list more than once, byte for byte.
  package static func repeatedToken(in tokens: [String]) -> String? {
    var table = TokenTable()
    return tokens.first { token in
      let count = table.count
      _ = table.insert(token)
      return table.count == count
    }
  }

  package static func == (a: Vocabulary, b: Vocabulary) -> Bool { a.isLowercase == b.isLowercase && a.table == b.table }
}
