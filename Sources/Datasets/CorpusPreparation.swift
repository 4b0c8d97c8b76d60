extension SequenceDataset {
  /// Makes a dataset of text: every file is read once, and the vocabulary is that of the training split alone.
  ///
  /// O(bytes) time; memory is 4 bytes for each token, 16 for each line, and the different tokens.
  package static func prepare(
    _ sources: CorpusSources, tokenization: Tokenization, vocabulary settings: VocabularySettings
  ) throws(CorpusError) -> SequenceDataset {
    let unit: CorpusRecord.Unit = tokenization == .character ? .characters : .sentences
    let (train, heldOut) = try read(sources, unit: unit) { (paths) throws(CorpusError) in
      try CorpusRecord.read(paths, tokenization)
    }
    return try SequenceDataset(train, heldOut, tokenization: tokenization, tags: nil, settings: settings)
  }

  /// Makes a dataset of CoNLL-U files, for a tagger that learns one column.
  ///
  /// The tags, in alphabetical order, are those of all splits: a small treebank may have a tag in its validation split
  /// alone, and a tagger that could not name it could not be measured.
  package static func prepareTreebank(
    _ sources: CorpusSources, tags column: TagColumn, vocabulary settings: VocabularySettings
  ) throws(CorpusError) -> SequenceDataset {
    let (train, heldOut) = try read(sources, unit: .sentences) { (paths) throws(CorpusError) in
      try CorpusRecord.readTreebank(paths, tags: column)
    }
    var tags = TokenTable()
    for record in [train] + heldOut.values {
      for number in 0..<record.tagTable.count { _ = tags.insert(record.tagTable[number]) }
    }
    let sorted = (0..<tags.count).sorted(by: tags.areInIncreasingOrder).map { tags[$0] }
    return try SequenceDataset(train, heldOut, tokenization: .word, tags: sorted, settings: settings)
  }

  private static func read(
    _ sources: CorpusSources, unit: CorpusRecord.Unit, _ read: ([String]) throws(CorpusError) -> CorpusRecord
  ) throws(CorpusError) -> (train: CorpusRecord, heldOut: [Split: CorpusRecord]) {
    var train = try read(sources.train)
    let boundaries = try SplitBoundaries(units: train.count(of: unit), unit: unit, of: sources)

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

  private init(
    _ train: consuming CorpusRecord, _ heldOut: consuming [Split: CorpusRecord], tokenization: Tokenization,
    tags: [String]?, settings: VocabularySettings
  ) throws(CorpusError) {
    let vocabulary = try Vocabulary(counting: train, settings: settings)
    self.init(tokenization: tokenization, vocabulary: vocabulary, tags: tags, splits: [:])
    splits[.train] = try train.sequence(in: vocabulary, tags: tags)
    for (split, record) in heldOut { splits[split] = try record.sequence(in: vocabulary, tags: tags) }
  }
}
