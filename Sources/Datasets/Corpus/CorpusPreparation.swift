import Files

extension SequenceDataset {
  /// Makes a dataset of text: every file is read once, and the vocabulary is that of the training split alone.
  ///
  /// O(bytes) time; memory is some mebibytes and the different tokens, or as many of them as `VocabularySettings.pruning` says.
  /// What the text was read into, 1, 2 or 4 bytes for each token and 32 for each line, is in temporary files for as long as something of
  /// the dataset is.
  ///
  /// - Parameters:
  ///   - known: the vocabulary of a model that keeps its ids; nil: there is none.
  ///   - threads: how many make text tokens. The dataset is the same for any number.
  package static func prepare(
    _ sources: CorpusSources, format: any CorpusFormat = PlainText(), tokenization: Tokenization,
    vocabulary settings: VocabularySettings, known: KnownVocabulary? = nil, threads: Int = 1
  ) throws(CorpusError) -> SequenceDataset {
    let reading = CorpusReading(pruning: settings.pruning, threads: threads)
    let (train, heldOut) = try read(sources, unit: tokenization.kind == .character ? .characters : .sentences) {
      (paths) throws(CorpusError) in
      try format.read(paths, tokenization, reading)
    }
    let words = try Vocabulary.of(train, settings: settings, known: known)
    var splits = [Split.train: try train.sequence(in: words.vocabulary)]
    for (split, part) in heldOut { splits[split] = try part.heldOutSequence(in: words.vocabulary) }
    return SequenceDataset(
      tokenization: tokenization, vocabulary: words.vocabulary, splits: splits, missedWords: words.missed)
  }

  /// Reads the files of all splits. Those that are a part of the training text are parts of the same text.
  static func read(
    _ sources: CorpusSources, unit: RecordedText.Unit, _ read: ([String]) throws(CorpusError) -> RecordedText
  ) throws(CorpusError) -> (train: TextPart, heldOut: [Split: TextPart]) {
    let text = try read(sources.train)
    let boundaries = try SplitBoundaries(of: text, in: unit, sources)
    func part(_ range: Range<Int>) throws(CorpusError) -> TextPart {
      do throws(FileError) {
        return try text.part(range, in: unit)
      } catch {
        throw .file(error)
      }
    }
    var heldOut: [Split: TextPart] = [:]
    for (split, source, range) in [
      (Split.validation, sources.validation, boundaries.validation..<boundaries.test),
      (.test, sources.test, boundaries.test..<text.count(of: unit)),
    ] {
      switch source {
      case .none: break
      case .files(let paths): heldOut[split] = try read(paths).whole
      case .fraction: heldOut[split] = try part(range)
      }
    }
    return (try part(0..<boundaries.validation), heldOut)
  }
}

extension TokenSequence {
  /// Reads files with a vocabulary that is there already, to evaluate a model on them.
  package static func read(
    _ paths: [String], format: any CorpusFormat = PlainText(), _ tokenization: Tokenization, vocabulary: Vocabulary
  ) throws(CorpusError) -> TokenSequence {
    try format.read(paths, tokenization, CorpusReading(pruning: .heldOut)).whole.heldOutSequence(in: vocabulary)
  }
}
