import Files

/// A text or treebank while it is read: tokens by their order of appearance, before there is a vocabulary.
///
/// One pass over the files fills it, run by run, and `finish` makes the text of it. Memory: every different token once, or as many
/// as `pruning` says, and what has come since the last run; all else goes to files.
package struct CorpusRecord: Sendable {
  /// When words are put away.
  package enum Pruning: Sendable, Equatable {
    case never
    /// When there are more than `limit`, and as long as all that come more than `allowance` times are known, if that is not nil.
    case beyond(limit: Int, allowance: Int?)
  }

  /// What has come of a treebank since the last `settle`.
  private(set) var run: TokenRun
  /// By column, the tags of a treebank; empty for a text.
  var tags: [TagSpool]
  /// Carriage returns without a newline behind them.
  var loneCarriageReturns = 0
  package internal(set) var sourceSHA256 = ""
  /// The files, for messages.
  let paths: [String]

  /// The different tokens; special ones come first, whether they occur or not.
  private var table = TokenTable()
  private let specialTokenCount: Int
  private let endOfLine: Int32?
  private let pruning: Pruning
  /// [table] How often each has come since it got there.
  private var counts: [Int] = []
  private var pruned = PrunedWords()
  /// The tokens, as the places in `table` that they had when they came.
  private var tokens = PackedSpool<Int32>()
  private var ends = PackedSpool<Int64>(isAscending: true)
  private var extents = ExtentSpools()
  private var extent = TextExtent()
  private var lastToken: Int32?
  /// Where the last sentence ended.
  private var lastEnd = 0

  /// - Parameters:
  ///   - specialTokens: what every vocabulary of this kind of text begins with; `</s>` among them ends each sentence.
  ///   - tagColumns: how many columns of tags there are.
  package init(of paths: [String], specialTokens: [String], tagColumns: Int = 0, pruning: Pruning = .never) {
    self.paths = paths
    self.pruning = pruning
    run = TokenRun(specialTokens: specialTokens)
    tags = Array(repeating: TagSpool(), count: tagColumns)
    for token in specialTokens { _ = table.insert(token) }
    counts = [Int](repeating: 0, count: table.count)
    specialTokenCount = table.count
    endOfLine = table.number(of: Vocabulary.endOfLineToken)
  }

  // MARK: treebanks, word by word

  /// Appends a word, which is as long as it is written.
  mutating func append(word: ArraySlice<UInt8>) {
    run.addWord(word)
    run.append(word)
  }

  mutating func endSentence() {
    run.endMeasure()
    run.endSentence()
  }

  /// Puts away what has come since the last time.
  mutating func settle() throws(CorpusError) {
    run.close()
    var places: [Int32] = []
    try take(run, counts: run.counts, places: &places)
    run.removeAll(keepsTable: false)
    do throws(FileError) {
      for column in tags.indices { try tags[column].settle() }
    } catch {
      throw .file(error)
    }
  }

  // MARK: runs

  /// Appends a run, which has been closed, and puts words away if they are too many.
  ///
  /// O(tokens); O(words) where some are put away.
  /// - Parameters:
  ///   - counts: those of the run.
  ///   - places: where the first tokens of the run's table are in this one, and then where all are. Good until words are put away.
  mutating func take(_ run: TokenRun, counts: [Int32], places: inout [Int32]) throws(CorpusError) {
    guard table.count <= Int(Int32.max) - run.table.count else { throw .tooManyWords(paths: paths) }
    table.insert(run.table, from: places.count, appendingTo: &places)
    self.counts += repeatElement(0, count: table.count - self.counts.count)
    for (token, count) in counts.enumerated() where count > 0 { self.counts[Int(places[token])] += Int(count) }
    do throws(FileError) {
      try append(run, places)
      try prune()
    } catch {
      throw .file(error)
    }
  }

  private mutating func append(_ run: TokenRun, _ places: [Int32]) throws(FileError) {
    let start = extent
    var ends = run.ends[...]
    if ends.first == 0 {
      ends.removeFirst()
      try endBefore(run)
    }
    let base = tokens.count
    try tokens.append(Self.values(of: run.tokens, in: places))
    if let last = run.tokens.last { lastToken = places[Int(last)] }
    if let last = ends.last { lastEnd = base + last }
    try self.ends.append(ends.map { Int64(base + $0) })
    try extents.append(run.extents.suffix(ends.count), from: start)
    extent = start + run.meter.extent
  }

  /// What numbers stand for.
  ///
  /// - Parameter places: by number.
  private static func values(of numbers: [Int32], in places: [Int32]) -> [Int32] {
    // With one thread characters are numbered alike here and there.
    if places.indices.allSatisfy({ places[$0] == $0 }) { return numbers }
    return [Int32](unsafeUninitializedCapacity: numbers.count) { memory, count in
      count = numbers.count
      numbers.withUnsafeBufferPointer { numbers in
        places.withUnsafeBufferPointer { places in for i in 0..<count { memory[i] = places[Int(numbers[i])] } }
      }
    }
  }

  /// Ends the sentence that has begun in the runs before, and has no token in this one.
  private mutating func endBefore(_ run: TokenRun) throws(FileError) {
    guard tokens.count > lastEnd, let length = run.extents.first else { return }
    if let endOfLine, lastToken != endOfLine {
      try tokens.append(endOfLine)
      counts[Int(endOfLine)] += 1
      lastToken = endOfLine
    }
    lastEnd = tokens.count
    try ends.append(Int64(lastEnd))
    try extents.append([length], from: extent)
  }

  private mutating func prune() throws(FileError) {
    guard case .beyond(let limit, let allowance) = pruning, table.count > limit else { return }
    let threshold = PrunedWords.threshold(of: counts[specialTokenCount...], room: limit - limit / 4)
    if let allowance, pruned.allowance + threshold > allowance { return }
    let stays = counts.indices.map { $0 < specialTokenCount || counts[$0] > threshold }
    try pruned.add(of: table, counts: counts, threshold: threshold, tokens: tokens.count) { !stays[$0] }
    table.removeAll { !stays[$0] }
    var place = -1
    counts.removeAll { _ in
      place += 1
      return !stays[place]
    }
  }

  /// The text, once all of it has come.
  consuming func finish() throws(CorpusError) -> RecordedText {
    try settle()
    do throws(FileError) {
      return try RecordedText(
        paths: paths, sourceSHA256: sourceSHA256, extent: extent, loneCarriageReturns: loneCarriageReturns,
        words: RecordedWords(table: table, counts: counts, pruned: pruned, specialTokenCount: specialTokenCount),
        tokens: tokens.numbers().column, tags: tags.map { (tags) throws(FileError) in try tags.recorded() },
        ends: ends.numbers().column,
        extents: extents.columns())
    } catch {
      throw .file(error)
    }
  }
}
