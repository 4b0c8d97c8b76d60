/// A line as the tokens of a model, the line's end among them.
package struct TokenLine: Sendable, Equatable {
  package let tokens: [Int32]
  /// What the unknown ones among them are in the text, in their order: those that the vocabulary lacks, and `<unk>` itself.
  package let unknown: [String]
  /// How long the line is with its end.
  package let extent: TextExtent
}

/// Makes lines of text, one by one, the tokens of a model.
///
/// Memory: the different tokens of some lines, however many lines there are.
package struct LineEncoder {
  private let vocabulary: Vocabulary
  private let tokenization: Tokenization
  /// What messages call the text.
  private let file: String
  private var tokenizer: any Tokenizer
  /// The line that is being read, by a table of the tokens of those before.
  private var run = TokenRun()
  /// [run.table] ids, `none` for a token that has none.
  private var ids: [Int32] = []
  /// How the words are normalized, by the vocabulary.
  package private(set) var normalization: NormalizationCheck

  private static let none: Int32 = -1

  /// Different tokens from which on a new table begins.
  private static let mostTypes = 1 << 18

  package init(_ vocabulary: Vocabulary, _ tokenization: Tokenization, file: String) {
    self.vocabulary = vocabulary
    self.tokenization = tokenization
    self.file = file
    tokenizer = tokenization.tokenizer
    normalization = NormalizationCheck(vocabulary)
  }

  /// The tokens of a line, and behind them the token that ends it: unless the line ends in that already, or the vocabulary has
  /// neither it nor `<unk>`. An empty line is its end.
  ///
  /// O(bytes).
  /// - Parameter line: valid UTF-8 without a newline.
  /// - Throws: `CorpusError.unknownToken` if the vocabulary has no `<unk>`.
  package mutating func encode(_ line: [UInt8]) throws(CorpusError) -> TokenLine {
    let isFull = run.table.count > Self.mostTypes
    if isFull { (tokenizer, ids) = (tokenization.tokenizer, []) }
    run.removeAll(keepsTable: !isFull)
    tokenizer.tokenize(UTF8Span(unchecked: line.span), isStart: true, into: &run)
    for number in ids.count..<run.table.count {
      ids.append(vocabulary.id(of: run.table[number]) ?? Self.none)
    }
    var tokens: [Int32] = []
    tokens.reserveCapacity(run.tokens.count + 1)
    var unknown: [String] = []
    for number in run.tokens {
      guard ids[Int(number)] != Self.none else { throw .unknownToken(run.table[Int(number)], paths: [file]) }
      tokens.append(ids[Int(number)])
      if ids[Int(number)] == vocabulary.unknownId { unknown.append(run.table[Int(number)]) }
    }
    normalization.noteKnown(tokens.count - unknown.count)
    for word in unknown { normalization.note(word) }
    if let end = vocabulary.sentenceEnd(tokenization) {
      if tokens.last != end { tokens.append(end) }
    } else if let unknownId = vocabulary.unknownId {
      tokens.append(unknownId)
      unknown.append(tokenization.sentenceEnd)
    }
    return TokenLine(tokens: tokens, unknown: unknown, extent: TextExtent(ofLine: line))
  }
}
