import Datasets
import Testing

@Suite struct TokenTableTests {
  @Test func numbersAreInOrderOfAppearanceThroughGrowth() {
    var table = TokenTable()
    let tokens = (0..<5000).map { "token \($0)" }
    for (i, token) in tokens.enumerated() {
      #expect(table.insert(token) == Int32(i))
      #expect(table.insert(tokens[i / 2]) == Int32(i / 2))
    }
    #expect(table.count == 5000)
    #expect(tokens.indices.allSatisfy { table[$0] == tokens[$0] && table.number(of: tokens[$0]) == Int32($0) })
    #expect(table.number(of: "token 5000") == nil && table.number(of: "token") == nil)
  }

  @Test func theEmptyTokenIsOneToo() {
    var table = TokenTable()
    #expect(table.number(of: "") == nil)
    #expect(table.insert("a") == 0 && table.insert("") == 1 && table.insert("") == 1)
    #expect(table[1] == "" && table.number(of: "") == 1)
  }

  @Test func orderIsThatOfScalars() {
    var table = TokenTable()
    // U+FF5E comes before U+10000, though not in UTF-16.
    for token in ["\u{10000}", "\u{FF5E}", "é", "z", "za"] { _ = table.insert(token) }
    #expect((0..<5).sorted(by: table.areInIncreasingOrder) == [3, 4, 2, 1, 0])
  }
}
