extension SequenceDataset {
  /// Makes a dataset of text: every file is read once, and the vocabulary is that of the training split alone.
  ///
  /// O(bytes) time; memory is 4 bytes for each token, 16 for each line, and the different tokens.
  ///
  /// - Parameter known: the vocabulary of a model that keeps its ids; nil: there is none.
  package static func prepare(
    _ sources: CorpusSources, format: any CorpusFormat = PlainText(), tokenization: Tokenization,
    vocabulary settings: VocabularySettings, known: KnownVocabulary? = nil
  ) throws(CorpusError) -> SequenceDataset {
    let unit: CorpusRecord.Unit = tokenization.kind == .character ? .characters : .sentences
    let (train, heldOut) = try read(sources, unit: unit) { (paths) throws(CorpusError) in
      try format.read(paths, tokenization, chunkSize: TextReader.defaultChunkSize)
    }
    let vocabulary = try Vocabulary(of: train, settings: settings, known: known)
    var splits = [Split.train: try train.sequence(in: vocabulary)]
    for (split, record) in heldOut { splits[split] = try record.heldOutSequence(in: vocabulary) }
    return SequenceDataset(tokenization: tokenization, vocabulary: vocabulary, splits: splits)
  }

  /// Reads the files of all splits, and takes off those that are a part of the training text.
  static func read(
    _ sources: CorpusSources, unit: CorpusRecord.Unit, _ read: ([String]) throws(CorpusError) -> CorpusRecord
  ) throws(CorpusError) -> (train: CorpusRecord, heldOut: [Split: CorpusRecord]) {
    var train = try read(sources.train)
    let boundaries = try SplitBoundaries(of: train, in: unit, sources)

    var heldOut: [Split: CorpusRecord] = [:]
    // From the end on, since each takes off the training text's tail.
    for (split, source, start) in [
      (Split.test, sources.test, boundaries.test), (.validation, sources.validation, boundaries.validation),
    ] {
      switch source {
      case .none: break
      case .files(let paths): heldOut[split] = try read(paths)
      case .fraction: heldOut[split] = train.removeTail(from: start, in: unit)
      }
    }
    return (train, heldOut)
  }
}

extension TokenSequence {
  /// Reads files with a vocabulary that is there already, to evaluate a model on them.
  package static func read(
    _ paths: [String], format: any CorpusFormat = PlainText(), _ tokenization: Tokenization, vocabulary: Vocabulary
  ) throws(CorpusError) -> TokenSequence {
    try format.read(paths, tokenization, chunkSize: TextReader.defaultChunkSize).heldOutSequence(in: vocabulary)
  }

  /// Where a sentence's tokens stand.
  package func range(ofSentence index: Int) -> Range<Int> { Int(offsets[index])..<Int(offsets[index + 1]) }
}
