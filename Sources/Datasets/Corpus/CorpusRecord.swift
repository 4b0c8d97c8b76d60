import Files

/// A text or treebank while it is read: tokens by their order of appearance, before there is a vocabulary.
///
/// One pass over the files fills it, `settle` from piece to piece, and `finish` makes the text of it. Memory: every different
/// token once, or as many as `pruning` says, and what has come since the last `settle`; all else goes to files.
package struct CorpusRecord {
  /// When words are put away.
  package enum Pruning: Sendable, Equatable {
    case never
    /// When there are more than `limit`, and as long as all that come more than `allowance` times are known, if that is not nil.
    case beyond(limit: Int, allowance: Int?)
  }

  /// The different tokens; special ones come first, whether they occur or not.
  package private(set) var table = TokenTable()
  package let specialTokenCount: Int
  /// The tokens since the last `settle`, as their places in `table`.
  package private(set) var recent: [Int32] = []
  /// By column, the tags of a treebank; empty for a text.
  var tags: [TagSpool]
  /// Unicode scalars whose tokens have come.
  package internal(set) var characters = 0
  /// Measures what `characters` counts, and may be ahead of it: a tokenizer may wait for more.
  private var meter = TextMeter()
  /// Carriage returns without a newline behind them.
  var loneCarriageReturns = 0
  package internal(set) var sourceSHA256 = ""
  /// The files, for messages.
  let paths: [String]

  private let endOfLine: Int32?
  private let pruning: Pruning
  /// By place in `table`: how often each has come up to the last `settle`, and what its tokens are called in the text.
  private var counts: [Int] = []
  private var numbers: [UInt32] = []
  private var numberCount: UInt32 = 0
  private var pruned = PrunedWords()

  private var recentEnds: [Int64] = []
  private var recentCharacterEnds: [Int64] = []
  private var tokens = Spool<Int32>()
  private var ends = Spool<Int64>()
  private var extents = ExtentSpools()
  /// The last token before `recent`, and where the last sentence ended.
  private var lastSettled: Int32?
  private var lastEnd = 0

  /// - Parameters:
  ///   - specialTokens: what every vocabulary of this kind of text begins with; `</s>` among them ends each sentence.
  ///   - tagColumns: how many columns of tags there are.
  package init(of paths: [String], specialTokens: [String], tagColumns: Int = 0, pruning: Pruning = .never) {
    self.paths = paths
    self.pruning = pruning
    tags = Array(repeating: TagSpool(), count: tagColumns)
    for token in specialTokens { _ = table.insert(token) }
    specialTokenCount = table.count
    endOfLine = table.number(of: Vocabulary.endOfLineToken)
  }

  private var tokenCount: Int { tokens.count + recent.count }

  /// Appends a token and returns its place in the table, which it has until the next `settle` at least, and for good where
  /// nothing is pruned.
  @discardableResult
  mutating func append(_ token: [UInt8]) -> Int32 {
    let place = token.withUnsafeBytes { table.insert($0) }
    recent.append(place)
    return place
  }

  mutating func append(_ token: UnsafeRawBufferPointer) { recent.append(table.insert(token)) }

  mutating func append(_ token: ArraySlice<UInt8>) { recent.append(token.withUnsafeBytes { table.insert($0) }) }

  /// Appends a token by its place in the table.
  mutating func append(number: Int32) {
    recent.append(number)
  }

  /// The same of several tokens.
  mutating func append(numbers: ArraySlice<Int32>) { recent.append(contentsOf: numbers) }

  /// Ends a sentence, unless nothing has come since the last one ended. One whose end is marked by a `</s>` of its own,
  /// as many prepared corpora have it, gets no second.
  mutating func endSentence() {
    guard tokenCount > lastEnd else { return }
    if let endOfLine, recent.last ?? lastSettled != endOfLine { recent.append(endOfLine) }
    lastEnd = tokenCount
    recentEnds.append(Int64(lastEnd))
    recentCharacterEnds.append(Int64(characters))
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

  /// Forgets what has come since the last `settle`, but not which tokens there are.
  mutating func removeRecent() { recent.removeAll(keepingCapacity: true) }

  /// Counts what has come since the last time, puts it away, and words too if they are too many.
  mutating func settle() throws(CorpusError) {
    // Special tokens have the same places whatever is pruned, and of others nobody asks.
    lastSettled = recent.last ?? lastSettled
    while numbers.count < table.count {
      guard numberCount < .max else { throw .tooManyWords(paths: paths) }
      numbers.append(numberCount)
      counts.append(0)
      numberCount += 1
    }
    do throws(FileError) {
      let isIdentity = numbers.count == Int(numberCount)
      for i in recent.indices {
        let place = Int(recent[i])
        counts[place] += 1
        if !isIdentity { recent[i] = Int32(bitPattern: numbers[place]) }
      }
      try tokens.take(&recent)
      for column in tags.indices { try tags[column].settle() }
      try ends.take(&recentEnds)
      try settleExtents()
      try prune()
    } catch {
      throw .file(error)
    }
  }

  /// Puts away how long the text is up to the sentences that have ended. A sentence ends with a line.
  private mutating func settleExtents() throws(FileError) {
    var line = 0
    var ends: [TextExtent] = []
    for end in recentCharacterEnds {
      while line < meter.lineEnds.count, meter.lineEnds[line].characters < Int(end) { line += 1 }
      ends.append(line < meter.lineEnds.count ? meter.lineEnds[line] : meter.extent)
    }
    try extents.append(contentsOf: ends)
    recentCharacterEnds.removeAll(keepingCapacity: true)
    // Nor does one end any more with a line that all tokens have come of.
    while line < meter.lineEnds.count, meter.lineEnds[line].characters < characters { line += 1 }
    meter.removeLineEnds(line)
  }

  private mutating func prune() throws(FileError) {
    guard case .beyond(let limit, let allowance) = pruning, table.count > limit else { return }
    let threshold = PrunedWords.threshold(of: counts[specialTokenCount...], room: limit - limit / 4)
    if let allowance, pruned.allowance + threshold > allowance { return }
    pruned.begin(threshold: threshold)
    let old = (table: table, counts: counts, numbers: numbers)
    (table, counts, numbers) = (TokenTable(), [], [])
    for place in 0..<old.table.count {
      if place < specialTokenCount || old.counts[place] > threshold {
        old.table.withBytes(of: place) { _ = table.insert(UnsafeRawBufferPointer($0)) }
        counts.append(old.counts[place])
        numbers.append(old.numbers[place])
      } else {
        let word = old.table.withBytes(of: place) { Array($0) }
        try pruned.add(word, number: old.numbers[place], count: old.counts[place])
      }
    }
  }

  /// The text, once all of it has come.
  consuming func finish() throws(CorpusError) -> RecordedText {
    try settle()
    do throws(FileError) {
      return try RecordedText(
        paths: paths, sourceSHA256: sourceSHA256, extent: meter.extent, loneCarriageReturns: loneCarriageReturns,
        words: RecordedWords(
          table: table, counts: counts, numbers: numbers, numberCount: Int(numberCount), pruned: pruned,
          specialTokenCount: specialTokenCount),
        tokens: tokens.column(), tags: tags.map { (tags) throws(FileError) in try tags.recorded() },
        ends: ends.column(),
        extents: extents.columns())
    } catch {
      throw .file(error)
    }
  }
}
