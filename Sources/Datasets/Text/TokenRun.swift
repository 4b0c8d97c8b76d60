/// The tokens of a stretch of text, in order, before there is a vocabulary: each is a place in a table of those that are different.
///
/// Tokenizers fill it, each thread its own; `CorpusRecord` puts runs together. Memory: 4 bytes for each token, and the different ones.
package struct TokenRun: Sendable {
  /// The different tokens; special ones come first, whether they occur or not.
  private(set) var table = TokenTable()
  private(set) var tokens: [Int32] = []
  /// Where sentences end in `tokens`. One that ends at 0 is the one that the text before the run ends in, if there is any.
  private(set) var ends: [Int] = []
  /// How long the run's text is up to the end of each sentence, once `close` has found that out.
  private(set) var extents: [TextExtent] = []
  /// Unicode scalars whose tokens have come.
  var characters = 0
  /// How long its text is.
  private(set) var meter = TextMeter()

  private let specialTokens: [String]
  private let endOfLine: Int32?
  private var endCharacters: [Int] = []

  /// - Parameter specialTokens: `</s>` among them ends each sentence.
  init(specialTokens: [String] = []) {
    self.specialTokens = specialTokens
    for token in specialTokens { _ = table.insert(token) }
    endOfLine = table.number(of: Vocabulary.endOfLineToken)
  }

  /// Makes it empty, for the next stretch of text.
  ///
  /// - Parameters:
  ///   - keepsTable: whether tokens keep their places.
  ///   - isInWord: whether what stands before is no white space.
  mutating func removeAll(keepsTable: Bool, isInWord: Bool = false) {
    if !keepsTable {
      table.removeAll()
      for token in specialTokens { _ = table.insert(token) }
    }
    tokens.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    extents.removeAll(keepingCapacity: true)
    endCharacters.removeAll(keepingCapacity: true)
    (characters, meter) = (0, TextMeter(isInWord: isInWord))
  }

  /// Appends a token and returns its place in the table.
  @discardableResult
  mutating func append(_ token: UnsafeRawBufferPointer) -> Int32 {
    let place = table.insert(token)
    tokens.append(place)
    return place
  }

  @discardableResult
  mutating func append(_ token: some Collection<UInt8>) -> Int32 {
    token.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
      ?? Array(token).withUnsafeBytes { append($0) }
  }

  /// Appends tokens by where they are in some bytes, and empties the list of them: some dozens at once take less time.
  mutating func append(_ tokens: inout [Range<Int>], of bytes: UnsafeRawBufferPointer) {
    table.insert(tokens, of: bytes, appendingTo: &self.tokens)
    tokens.removeAll(keepingCapacity: true)
  }

  /// Puts all of ASCII into the table, which has none of it, whether it comes in the text or not.
  ///
  /// - Returns: the place of U+0000; the others follow in order.
  mutating func insertASCII() -> Int32 {
    let first = Int32(table.count)
    for byte: UInt8 in 0..<0x80 { _ = table.insert(String(Unicode.Scalar(byte))) }
    return first
  }

  /// Appends a token by its place in the table.
  mutating func append(place: Int32) { tokens.append(place) }

  /// Ends a sentence, unless nothing has come since the last one ended. One whose end is marked by a `</s>` of its own,
  /// as many prepared corpora have it, gets no second.
  mutating func endSentence() {
    guard ends.last != tokens.count else { return }
    if let endOfLine, let last = tokens.last, last != endOfLine { tokens.append(endOfLine) }
    ends.append(tokens.count)
    endCharacters.append(characters)
  }

  /// Appends characters by their places, and ends a sentence behind some of them. There is no `</s>` among characters.
  ///
  /// - Parameter ends: how many of the characters have come where each sentence ends, upwards.
  mutating func append(characters places: UnsafeBufferPointer<Int32>, ends: UnsafeBufferPointer<Int>) {
    let (before, charactersBefore) = (tokens.count, characters)
    tokens.append(contentsOf: places)
    characters += places.count
    for end in ends {
      self.ends.append(before + end)
      endCharacters.append(charactersBefore + end)
    }
  }

  /// Takes in how long a piece of text is.
  mutating func measure(_ text: UTF8Span) { meter.add(text) }

  /// What has been measured so far ends here, as a file does.
  mutating func endMeasure() { meter.endLine() }

  /// Takes in the length of a word of a file that says itself where words are.
  mutating func addWord(_ form: ArraySlice<UInt8>) {
    meter.addWord(form)
    characters = meter.extent.characters
  }

  /// Finds out how long the text is up to the sentences that have ended, once all of it has come. A sentence ends with a line.
  mutating func close() {
    var line = 0
    for end in endCharacters {
      while line < meter.lineEnds.count, meter.lineEnds[line].characters < end { line += 1 }
      extents.append(line < meter.lineEnds.count ? meter.lineEnds[line] : meter.extent)
    }
  }

  /// [table] How often each token comes.
  var counts: [Int32] {
    // Every other token is counted by itself, so that none waits for the one before where that is the same.
    let size = table.count
    var counts = [Int32](repeating: 0, count: 2 * size)
    counts.withUnsafeMutableBufferPointer { counts in
      tokens.withUnsafeBufferPointer { tokens in
        for pair in 0..<tokens.count / 2 {
          counts[Int(tokens[2 * pair])] &+= 1
          counts[size + Int(tokens[2 * pair + 1])] &+= 1
        }
        if tokens.count % 2 > 0 { counts[Int(tokens[tokens.count - 1])] &+= 1 }
      }
      for number in 0..<size { counts[number] &+= counts[size + number] }
    }
    counts.removeLast(size)
    return counts
  }
}
