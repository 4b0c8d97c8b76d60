extension BytePairTokenizer {
  /// Learns a tokenizer from the training text, and from that part of it alone which isn't held out.
  ///
  /// The tokens are the 256 bytes, so that nothing is unknown, and what merges of them make, up to `settings.size`
  /// tokens. Pairs that occur less often than `settings.minimumCount` aren't merged. The result is a function of the text and the settings.
  ///
  /// O(bytes) time and what the merges change; memory is the different words.
  /// - Throws: `CorpusError.vocabularyTooSmall` for a size without room for a merge.
  package static func trained(
    on sources: CorpusSources, settings: VocabularySettings
  ) throws(CorpusError) -> BytePairTokenizer {
    let size = settings.size ?? defaultSize
    guard size > 256 else { throw .vocabularyTooSmall(size: size, minimum: 257) }
    var counts = PieceCounts()
    try counts.count(sources.train, lines: try trainingLines(of: sources))
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
    var lines = 0
    for path in sources.train {
      var isWithin = false
      var reader = TextReader()
      try reader.read(path) { text in
        lines += text.span.newlines
        if text.span.count > 0 { isWithin = text.span[text.span.count - 1] != 0x0A }
      }
      if isWithin { lines += 1 }
    }
    return try sources.boundaries(in: lines).validation
  }
}

/// How often the pieces of a text occur that merges can't cross.
private struct PieceCounts {
  private(set) var pieces = TokenTable()
  private(set) var counts: [Int] = []

  /// - Parameter lines: those that count, over all files; nil: all.
  mutating func count(_ paths: [String], lines: Int?) throws(CorpusError) {
    var left = lines ?? .max
    for path in paths {
      var stretches = Stretches(cutsLines: true)
      var reader = TextReader()
      var endsLine = true
      try reader.read(path) { text in
        stretches.append(text.span)
        if let stretch = stretches.next() { add(stretch, &left, &endsLine) }
      }
      add(stretches.rest(), &left, &endsLine)
      if !endsLine { left -= 1 }
    }
  }

  private mutating func add(_ text: [UInt8], _ left: inout Int, _ endsLine: inout Bool) {
    text.withUnsafeBufferPointer { text in
      PieceSplitter.isolated([0x0A]).split(text, 0..<text.count) { line in
        if left <= 0 { return }
        PieceSplitter.gpt2.split(text, line) { piece in
          let number = Int(pieces.insert(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: text[piece]))))
          if number == counts.count { counts.append(0) }
          counts[number] += 1
        }
        endsLine = text[line.lowerBound] == 0x0A
        if endsLine { left -= 1 }
      }
    }
  }
}

extension Span<UInt8> {
  fileprivate var newlines: Int { indices.reduce(0) { $0 + (self[$1] == 0x0A ? 1 : 0) } }
}
