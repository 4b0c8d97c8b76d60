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
  let table: TokenTable

  /// - Precondition: no token occurs twice; a reader of files asks `repeatedToken(in:)` before it gets here.
  package init(tokens: [String]) {
    let table = TokenTable(tokens)
    precondition(table.count == tokens.count, "a vocabulary's tokens are different")
    self.tokens = tokens
    self.table = table
    unknownId = table.number(of: Self.unknownToken)
    endOfLineId = table.number(of: Self.endOfLineToken)
  }

  package var count: Int { tokens.count }

  /// The id of a token, that of `<unk>` if the vocabulary lacks it, and nil if it lacks that too.
  package func id(of token: some StringProtocol) -> Int32? { table.number(of: token) ?? unknownId }

  /// A token that stands in the list more than once, byte for byte.
  package static func repeatedToken(in tokens: [String]) -> String? {
    var table = TokenTable()
    return tokens.first { token in
      let count = table.count
      _ = table.insert(token)
      return table.count == count
    }
  }

  package static func == (a: Vocabulary, b: Vocabulary) -> Bool { a.table == b.table }
}
