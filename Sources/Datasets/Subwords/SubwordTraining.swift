extension BytePairTokenizer {
  /// Learns a tokenizer from the training text, and from that part of it alone which isn't held out.
  ///
  /// The tokens are the 256 bytes, so that nothing is unknown, and what merges of them make, up to `settings.size`
  /// tokens. Pairs that occur less often than `settings.minimumCount` aren't merged. The result is a function of the text and the settings.
  ///
  /// O(bytes) time and what the merges change; memory is the different words.
  /// - Parameter threads: how many count words.
  /// - Throws: `CorpusError.vocabularyTooSmall` for a size without room for a merge.
  package static func trained(
    on sources: CorpusSources, settings: VocabularySettings, threads: Int = 1
  ) throws(CorpusError) -> BytePairTokenizer {
    let size = settings.size ?? defaultSize
    guard size > 256 else { throw .vocabularyTooSmall(size: size, minimum: 257) }
    let reader = TextReader(
      sources.train, cut: .subwords(lines: true, added: [], keepsState: false), lines: try trainingLines(of: sources))
    var counts = PieceCounts()
    try OrderedWork.run(threads: threads, on: reader, into: &counts) { PieceCounter() }
    if counts.pieces.count == 0 { throw .empty(paths: sources.train) }
    let trainer = BytePairTrainer(
      pieces: counts.pieces, counts: counts.counts, size: size, minimumCount: settings.minimumCount)
    let json = json(tokens: trainer.tokens, merges: trainer.merges)
    do { return try BytePairTokenizer(json: json) } catch { throw .tokenizer(path: "data.tokens", error) }
  }

  /// Tokens where nobody says how many.
  package static let defaultSize = 8000

  /// How many lines of the training files are trained on; nil: all.
  private static func trainingLines(of sources: CorpusSources) throws(CorpusError) -> Int? {
    if !sources.takesFractions { return nil }
    let reader = TextReader(sources.train, cut: .scalars)
    var (lines, isInLine) = (0, false)
    while let chunk = try reader.next() {
      lines += chunk.bytes.count { $0 == 0x0A }
      if let last = chunk.bytes.last { isInLine = last != 0x0A }
      if chunk.endsFile, isInLine { (lines, isInLine) = (lines + 1, false) }
    }
    return try sources.boundaries(in: lines).validation
  }
}

/// How often the pieces of a text occur that merges can't cross.
private struct PieceCounts: Sendable {
  private(set) var pieces = TokenTable()
  private(set) var counts: [Int] = []

  mutating func add(_ piece: UnsafeRawBufferPointer, count: Int) {
    let number = Int(pieces.insert(piece))
    if number == counts.count { counts.append(0) }
    counts[number] += count
  }

  mutating func removeAll() {
    pieces.removeAll()
    counts.removeAll(keepingCapacity: true)
  }
}

/// Counts pieces in chunks of a text, on one thread of several.
private struct PieceCounter: OrderedWorker {
  private var own = PieceCounts()

  mutating func work(on chunk: TextChunk) {
    own.removeAll()
    chunk.bytes.withUnsafeBufferPointer { text in
      PieceSplitter.isolated([0x0A]).split(text, 0..<text.count) { line in
        PieceSplitter.gpt2.split(text, line) { piece in
          own.add(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: text[piece])), count: 1)
        }
      }
    }
  }

  func deliver(to counts: inout PieceCounts) {
    for number in own.counts.indices {
      own.pieces.withBytes(of: number) { counts.add(UnsafeRawBufferPointer($0), count: own.counts[number]) }
    }
  }
}
