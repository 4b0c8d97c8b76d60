extension SequenceDataset {
  /// Makes a dataset of files with tags, for a tagger that learns some columns.
  ///
  /// The tags of a column, in alphabetical order, are those of all splits: a small treebank may have a tag in its validation
  /// split alone, and a tagger that could not name it could not be measured.
  ///
  /// - Parameter known: what a model knows that keeps its ids; nil: there is none. Its training words stay known ones.
  package static func prepareTagged(
    _ sources: CorpusSources, format: any CorpusFormat, tags columns: [TagColumn],
    vocabulary settings: VocabularySettings, known: KnownVocabulary? = nil
  ) throws(CorpusError) -> SequenceDataset {
    let knownTags = columns.map { column in
      TagSet(column, known?.tagging?.columns.first { $0.column == column }?.tags ?? [])
    }
    var tags = knownTags
    var (train, heldOut) = try read(sources, unit: .sentences) { (paths) throws(CorpusError) in
      let record = try format.readTagged(paths, tags: tags)
      tags = zip(tags, record.tags).map { $0.adding($1.table) }
      return record
    }
    let vocabulary = try Vocabulary(of: train, settings: settings, known: known)
    var forms = known?.tagging?.trainingWords ?? TokenTable()
    train.addForms(to: &forms)
    let tagging = try TaggingVocabulary(
      tags: knownTags, and: tags, words: forms, known: known?.tagging, settings: settings, paths: train.paths)

    var splits = [Split.train: try train.sequence(in: vocabulary, tagging: tagging)]
    // In an order that a dictionary's keys don't have, since forms are numbered as they come.
    for split in Split.allCases {
      guard var record = heldOut[split] else { continue }
      record.addForms(to: &forms)
      let otherNormalForms = record.otherNormalForms(than: vocabulary)
      splits[split] = try record.sequence(in: vocabulary, tagging: tagging)
      splits[split]?.otherNormalForms = otherNormalForms
    }
    return SequenceDataset(
      tokenization: .word, vocabulary: vocabulary, tagging: tagging, forms: forms.tokens, splits: splits)
  }
}

extension TokenSequence {
  /// Reads files with tags and with what a tagger knows already, to evaluate it on them. Tags that it lacks are `foreignTags`:
  /// no two treebanks of a language have just the same.
  ///
  /// - Returns: the words and tags, and the forms that the words are spelled as: the training words first.
  package static func readTagged(
    _ paths: [String], format: any CorpusFormat, vocabulary: Vocabulary, tagging: TaggingVocabulary
  ) throws(CorpusError) -> (sequence: TokenSequence, forms: [String]) {
    var record = try format.readTagged(paths, tags: tagging.columns)
    var forms = tagging.trainingWords
    record.addForms(to: &forms)
    let otherNormalForms = record.otherNormalForms(than: vocabulary)
    var sequence = try record.sequence(in: vocabulary, tagging: tagging)
    sequence.otherNormalForms = otherNormalForms
    return (sequence, forms.tokens)
  }
}

extension CorpusRecord {
  /// Numbers each word by its form, and puts forms that are new into a table in order of appearance.
  mutating func addForms(to table: inout TokenTable) {
    var numbers = [Int32?](repeating: nil, count: self.table.count)
    forms = tokens.map { token in
      if let number = numbers[Int(token)] { return number }
      let number = table.insert(self.table[Int(token)])
      numbers[Int(token)] = number
      return number
    }
  }

  /// The words and tags by their ids. The record's own arrays are renumbered where they lie.
  fileprivate consuming func sequence(
    in vocabulary: Vocabulary, tagging: TaggingVocabulary
  ) throws(CorpusError) -> TokenSequence {
    let foreign = zip(tags.indices, tagging.columns).map { tags[$0].renumber(by: $1.tags) }
    var sequence = try sequence(in: vocabulary)
    sequence.foreignTags = foreign
    return sequence
  }
}

extension CorpusRecord.Tags {
  /// Puts ids in the place of numbers. Returns the tags that aren't among those that have ids, which get numbers below
  /// `noTag`.
  ///
  /// - Parameter tags: by id.
  fileprivate mutating func renumber(by tags: [String]) -> [String] {
    let known = TokenTable(tags)
    var foreign: [String] = []
    let ids = (0..<table.count).map { number in
      if let id = known.number(of: table[number]) { return id }
      foreign.append(table[number])
      return TaggingVocabulary.foreign(Int32(foreign.count - 1))
    }
    for i in numbers.indices where numbers[i] != TaggingVocabulary.noTag { numbers[i] = ids[Int(numbers[i])] }
    return foreign
  }
}
