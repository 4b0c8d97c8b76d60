/// A text or treebank as it was read: tokens by their order of appearance, before there is a vocabulary.
///
/// One pass over a file fills it, and `sequence(in:)` gives the tokens the ids of a vocabulary. Memory: 4 bytes for
/// each token (12 with tags), 16 for each sentence, and every different token once.
package struct CorpusRecord: Sendable {
  /// The different tokens; special ones come first, whether they occur or not.
  package private(set) var table = TokenTable()
  package let specialTokenCount: Int
  /// All tokens, as numbers in `table`.
  package internal(set) var tokens: [Int32] = []
  /// By column, the tags of all tokens of a treebank; empty for a text.
  package internal(set) var tags: [Tags]
  /// One number of a form for each token of a treebank, once `addForms` has given them; empty for a text.
  package internal(set) var forms: [Int32] = []
  /// n+1 positions: sentence i is `tokens[offsets[i]..<offsets[i+1]]`.
  package internal(set) var offsets: [Int64] = [0]
  /// How long the text is up to the end of each sentence, once `settleExtents` has told.
  package internal(set) var extents: [TextExtent] = []
  /// How long the text is.
  package internal(set) var extent = TextExtent()
  /// Unicode scalars whose tokens have come.
  var characters = 0
  /// Measures what `characters` counts, and may be ahead of it: a tokenizer may wait for more.
  private var meter = TextMeter()
  /// How many Unicode scalars the text has up to the end of each sentence behind those in `extents`.
  private var recentCharacterEnds: [Int] = []
  /// Carriage returns without a newline behind them.
  var loneCarriageReturns = 0
  /// The files, for messages.
  let paths: [String]
  package internal(set) var sourceSHA256 = ""

  private let endOfLine: Int32?

  /// The tags of one column.
  package struct Tags: Sendable {
    /// The different ones.
    package private(set) var table = TokenTable()
    /// For each token a number in the table, or `TaggingVocabulary.noTag`.
    package internal(set) var numbers: [Int32] = []

    mutating func append(_ tag: ArraySlice<UInt8>?) {
      numbers.append(tag.map { $0.withUnsafeBytes { table.insert($0) } } ?? TaggingVocabulary.noTag)
    }

    /// Whether a column says nothing of any token: where `_` is a tag, nothing but that.
    func hasNone(in column: TagColumn) -> Bool {
      table.count == 0 || column.hasEmptyTag && table.count == 1 && table[0] == "_"
    }

    /// Takes off those of all tokens from one on.
    mutating func removeTail(from token: Int) -> Tags {
      var tail = self
      tail.numbers = Array(numbers[token...])
      numbers.removeSubrange(token...)
      return tail
    }
  }

  /// - Parameters:
  ///   - specialTokens: what every vocabulary of this kind of text begins with; `</s>` among them ends each sentence.
  ///   - tagColumns: how many columns of tags there are.
  init(of paths: [String], specialTokens: [String], tagColumns: Int = 0) {
    self.paths = paths
    tags = Array(repeating: Tags(), count: tagColumns)
    for token in specialTokens { _ = table.insert(token) }
    specialTokenCount = table.count
    endOfLine = table.number(of: Vocabulary.endOfLineToken)
  }

  /// Appends a token and returns its number.
  @discardableResult
  mutating func append(_ token: [UInt8]) -> Int32 {
    let number = token.withUnsafeBytes { table.insert($0) }
    tokens.append(number)
    return number
  }

  mutating func append(_ token: ArraySlice<UInt8>) { tokens.append(token.withUnsafeBytes { table.insert($0) }) }

  /// Appends a token by the number that it got when it came first.
  mutating func append(number: Int32) {
    tokens.append(number)
  }

  /// Ends a sentence, unless nothing has come since the last one ended. One whose end is marked by a `</s>` of its own,
  /// as many prepared corpora have it, gets no second.
  mutating func endSentence() {
    guard Int64(tokens.count) > offsets[offsets.count - 1] else { return }
    if let endOfLine, tokens.last != endOfLine { tokens.append(endOfLine) }
    offsets.append(Int64(tokens.count))
    recentCharacterEnds.append(characters)
  }

  /// Takes in how long a piece of text is, before its tokens come.
  mutating func measure(_ text: UTF8Span) { meter.add(text) }

  /// What has been measured so far ends here, as a file does.
  mutating func endMeasure() { meter.endLine() }

  /// Takes in the length of a word of a file that says itself where words are.
  mutating func addWord(_ form: ArraySlice<UInt8>) {
    meter.addWord(form)
    characters = meter.extent.characters
  }

  /// Finds out how long the text is up to the sentences that have ended. A sentence ends with a line.
  mutating func settleExtents() {
    var line = 0
    for end in recentCharacterEnds {
      while line < meter.lineEnds.count, meter.lineEnds[line].characters < end { line += 1 }
      extents.append(line < meter.lineEnds.count ? meter.lineEnds[line] : meter.extent)
    }
    recentCharacterEnds.removeAll(keepingCapacity: true)
    // Nor does one end any more with a line that all tokens have come of.
    while line < meter.lineEnds.count, meter.lineEnds[line].characters < characters { line += 1 }
    meter.removeLineEnds(line)
    extent = meter.extent
  }

  /// How many words a vocabulary that isn't their own lacks only since it has them in another Unicode normalization form.
  /// O(tokens).
  func otherNormalForms(than vocabulary: Vocabulary) -> Int {
    var counts = [Int](repeating: 0, count: table.count)
    for token in tokens { counts[Int(token)] += 1 }
    var check = NormalizationCheck(vocabulary)
    for (number, count) in counts.enumerated() where count > 0 { check.note(table[number], count: count) }
    return check.otherForms
  }

  /// The tokens by their ids in a vocabulary that isn't their own. O(tokens).
  consuming func heldOutSequence(in vocabulary: Vocabulary) throws(CorpusError) -> TokenSequence {
    let otherNormalForms = otherNormalForms(than: vocabulary)
    var sequence = try sequence(in: vocabulary)
    sequence.otherNormalForms = otherNormalForms
    return sequence
  }

  /// The tokens by their ids; tags and forms are as they are. The record's own array is renumbered where it lies.
  ///
  /// O(tokens).
  consuming func sequence(in vocabulary: Vocabulary) throws(CorpusError) -> TokenSequence {
    let ids = (0..<table.count).map { vocabulary.id(of: table[$0]) }
    for i in tokens.indices {
      guard let id = ids[Int(tokens[i])] else {
        throw .unknownToken(table[Int(tokens[i])], paths: paths)
      }
      tokens[i] = id
    }
    return TokenSequence(
      tokens: tokens, offsets: offsets, tags: tags.map(\.numbers), forms: forms.isEmpty ? nil : forms,
      extent: extent, sourceSHA256: sourceSHA256)
  }
}
