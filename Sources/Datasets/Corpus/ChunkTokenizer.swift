import Files

/// How a corpus is read. Neither the size of chunks nor the number of threads shows in what is read; but which words are pruned, if
/// any are, depends on the size.
package struct CorpusReading: Sendable {
  /// When words are put away that are too many to be all in memory.
  package var pruning: CorpusRecord.Pruning
  /// Bytes that are read and looked at together.
  package var chunkSize: Int
  package var threads: Int

  package init(
    pruning: CorpusRecord.Pruning = .never, chunkSize: Int = TextReader.defaultChunkSize, threads: Int = 1
  ) {
    (self.pruning, self.chunkSize, self.threads) = (pruning, chunkSize, threads)
  }
}

/// Makes chunks of a text tokens, on one thread of several.
struct ChunkTokenizer: OrderedWorker {
  private var tokenizer: any Tokenizer
  private var run: TokenRun
  /// The places in the record's table of the tokens that the run's table has.
  private var places: [Int32] = []
  private var counts: [Int32] = []
  private let keepsTable: Bool

  init(_ tokenization: Tokenization, specialTokens: [String]) {
    tokenizer = tokenization.tokenizer
    run = TokenRun(specialTokens: specialTokens)
    keepsTable = !Self.isPruned(tokenization)
  }

  /// Whether there may be so many different tokens that not all are kept. Other tokenizers remember places.
  static func isPruned(_ tokenization: Tokenization) -> Bool { !tokenization.kind.isSeamless }

  mutating func work(on chunk: TextChunk) {
    run.removeAll(keepsTable: keepsTable, isInWord: chunk.startsInWord)
    if !keepsTable { places.removeAll(keepingCapacity: true) }
    let text = UTF8Span(unchecked: chunk.bytes.span)
    run.measure(text)
    tokenizer.tokenize(text, isStart: chunk.startsFile, into: &run)
    if chunk.endsFile {
      run.endSentence()
      run.endMeasure()
    }
    run.close()
    counts = run.counts
  }

  mutating func deliver(to record: inout CorpusRecord) throws(CorpusError) {
    try record.take(run, counts: counts, places: &places)
  }
}
