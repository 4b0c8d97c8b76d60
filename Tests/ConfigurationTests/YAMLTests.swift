import Configuration
import ConfigurationFiles
import Testing

/// Text that isn't YAML, or is more of it than anybody needs.
@Suite struct YAMLTests {
  @Test(arguments: [
    ("seed: [1\n", "2:1: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence"),
    ("a: b: c\n", "1:5: not valid YAML: mapping values are not allowed in this context"),
    (
      "seed: 1\n\tbptt: 2\n",
      "2:1: a tab, where YAML has spaces alone: indent by spaces"
    ),
    (
      "seed: *x\n",
      "1:7: not valid YAML: found undefined alias; a text that begins with * needs quotation marks, as in '*.txt'"
    ),
    (
      "data: {train: *.txt}\n",
      "1:16: not valid YAML: did not find expected alphabetic or numeric character while scanning an alias; a text that "
        + "begins with * needs quotation marks, as in '*.txt'"
    ),
    (
      "data:\n  train: [ab].gz\n",
      "2:14: not valid YAML: did not find expected key while parsing a block mapping; a text that begins with [ needs quotation "
        + "marks, as in '[ab].txt'"
    ),
    (
      "data: {train: [ab].gz, tokens: word}\n",
      "1:19: not valid YAML: did not find expected ',' or '}' while parsing a flow mapping; a text that begins with [ needs "
        + "quotation marks, as in '[ab].txt'"
    ),
    (
      "data: {train: [a, b] c}\n",
      "1:22: not valid YAML: did not find expected ',' or '}' while parsing a flow mapping"
    ),
    (
      "---\na: 1\n---\nb: 2\n",
      "3:1: not valid YAML: expected a single document in the stream but found another document"
    ),
    ("seed: 1\nname: \u{7}\n", "2:7: control character \\u{07}"),
    ("seed: 1\nname: \0\n", "2:7: control character \\0"),
  ])
  func syntaxErrors(text: String, expected: String) {
    #expect(complaints(text) == ["lm.cfg:\(expected)"])
  }

  @Test func aliasesShareValues() throws {
    let configuration = try parse(
      "data: {train: &files [a.txt, b.txt], validation: &v {split: .1}, test: *v}\n")
    guard case .text(let corpus) = configuration.data else {
      Issue.record("expected text, found \(configuration.data)")
      return
    }
    #expect(corpus.test == .split(0.1))
    #expect(corpus.validation == corpus.test)
  }

  @Test func aliasBombIsRefused() {
    var text = "a: &a0 [x, x]\n"
    for level in 1...30 { text += "b\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    #expect(complaints(text) == ["lm.cfg:10:11: more than 16 aliases (*name)"])
  }

  @Test(arguments: ["? *a8\n: 1\n", "[*a8, x]: 1\n", "{*a8 : 1}: 1\n", "x: {?*a8 : 1}\n"])
  func aliasBombInAKeyIsRefused(key: String) {
    var text = "a: &a0 [x, x, x]\n"
    for level in 1...8 { text += "b\(level): &a\(level) [*a\(level - 1),*a\(level - 1),*a\(level - 1)]\n" }
    #expect(complaints(text + key).contains { $0.hasSuffix("more than 16 aliases (*name)") })
  }

  @Test func fewAliasesOfManyValuesAreRefused() {
    let text = minimal + "seed: &a [\(String(repeating: "x,", count: 2000))]\ntask: [*a, *a, *a, *a, *a]\n"
    #expect(complaints(text).contains { $0.hasPrefix("lm.cfg:3:") && $0.hasSuffix("task: more than 10000 values") })
  }

  @Test func starsInTextAreNotAliases() throws {
    let comment = String(repeating: "# a * b, 2*x, **\n", count: 100)
    #expect(try parse(comment + minimal) == parse(minimal))
  }

  @Test(arguments: [
    (21, "lm.cfg:3:27: seed: nested deeper than 20 levels"),
    (900, "lm.cfg:3:27: seed: nested deeper than 20 levels"),
    (100_000, "lm.cfg:3:8: not valid YAML: Maximum nesting level reached"),
  ])
  func deepNestingIsRefused(depth: Int, expected: String) {
    let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(complaints(minimal + "seed: \(text)\n").contains { $0.hasPrefix(expected) })
  }

  /// Aliases add up what libyaml allows in nesting; nothing may run out of stack.
  @Test func nestingThroughAliasesIsRefused() {
    var text = ""
    for level in 0..<16 {
      let core = level == 0 ? "x" : "*k\(level - 1)"
      text +=
        "k\(level): &k\(level) \(String(repeating: "[", count: 990))\(core)\(String(repeating: "]", count: 990))\n"
    }
    #expect(complaints(text).contains { $0.hasSuffix("k15: nested deeper than 20 levels") })
  }

  @Test(arguments: ["\u{FEFF}", "%YAML 1.1\n---\n", "# comment\n\n", "---\n"])
  func beginningsThatAreAllowed(prefix: String) throws {
    #expect(try parse(prefix + minimal) == parse(minimal))
  }

  @Test(arguments: ["\r\n", "\r", "\n"])
  func lineEndsOfAllSystems(lineEnd: String) {
    let text = ["# x", "seed: a", "bptt: 1", minimal].joined(separator: lineEnd)
    #expect(
      complaints(text) == [
        "lm.cfg:2:7: seed: expected a whole number of at least 0, found 'a'",
        "lm.cfg:3:1: bptt: unknown key; bptt belongs under training",
      ])
  }

  @Test func columnsCountUnicodeScalars() {
    #expect(
      complaints("data: {train: \"é😀\", x: 1}\n") == [
        "lm.cfg:1:21: data.x: unknown key; expected comments, dataset, direction, format, separator, synthetic, tag_column, "
          + "tags, test, tokens, train, validation, vocabulary or word_column"
      ])
  }
}
