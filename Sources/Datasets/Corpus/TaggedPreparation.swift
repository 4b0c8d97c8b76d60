import Files

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
    let (train, heldOut) = try read(sources, unit: .sentences) { (paths) throws(CorpusError) in
      let text = try format.readTagged(paths, tags: tags)
      tags = zip(tags, text.tags).map { $0.adding($1.table) }
      return text
    }
    let vocabulary = try Vocabulary.of(train, settings: settings, known: known).vocabulary
    var forms = known?.tagging?.trainingWords ?? TokenTable()
    let trainForms = try train.forms(in: &forms)
    let tagging = try TaggingVocabulary(
      tags: knownTags, and: tags, words: forms, known: known?.tagging, settings: settings, paths: train.paths)

    var splits = [Split.train: try train.sequence(in: vocabulary, tagging: tagging, forms: trainForms)]
    // In an order that a dictionary's keys don't have, since forms are numbered as they come.
    for split in Split.allCases {
      guard let part = heldOut[split] else { continue }
      splits[split] = try part.heldOutSequence(in: vocabulary, tagging: tagging, forms: &forms)
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
    let text = try format.readTagged(paths, tags: tagging.columns)
    var forms = tagging.trainingWords
    let sequence = try text.whole.heldOutSequence(in: vocabulary, tagging: tagging, forms: &forms)
    return (sequence, forms.tokens)
  }
}

extension TextPart {
  /// Which form each word is. Puts forms that are new into a table in order of appearance. O(tokens).
  fileprivate func forms(in table: inout TokenTable) throws(CorpusError) -> Column<Int32> {
    var forms = [Int32](repeating: -1, count: words.table.count)
    do throws(FileError) {
      // Nothing of a tagger's treebank is pruned, so that places are the same throughout.
      try text.tokens[tokens].forEachPiece { words, _ in
        for word in words where forms[Int(word)] < 0 { forms[Int(word)] = table.insert(self.words.table[Int(word)]) }
      }
    } catch {
      throw .file(error)
    }
    return text.tokens[tokens].mapped { [forms] in forms[Int($0)] }
  }

  /// The words and tags by their ids.
  fileprivate func sequence(
    in vocabulary: Vocabulary, tagging: TaggingVocabulary, forms: Column<Int32>
  ) throws(CorpusError) -> TokenSequence {
    var sequence = try sequence(in: vocabulary)
    let tags = zip(tags, tagging.columns).map { $0.ids(in: $1.tags) }
    (sequence.tags, sequence.foreignTags) = (tags.map(\.ids), tags.map(\.foreign))
    sequence.forms = forms
    return sequence
  }

  /// The same of a text whose vocabulary isn't its own.
  fileprivate func heldOutSequence(
    in vocabulary: Vocabulary, tagging: TaggingVocabulary, forms table: inout TokenTable
  ) throws(CorpusError) -> TokenSequence {
    var sequence = try sequence(in: vocabulary, tagging: tagging, forms: forms(in: &table))
    sequence.otherNormalForms = try otherNormalForms(than: vocabulary)
    return sequence
  }
}
