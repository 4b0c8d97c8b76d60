import Datasets

// What a configuration says of a corpus, in the corpus' own terms.

extension RunConfiguration {
  /// The format of the corpus' files.
  package var format: any CorpusFormat {
    if case .text(let corpus) = data, let format = corpus.format.format { format } else { task.usualFormat }
  }
}

extension RunConfiguration {
  /// All files that a run reads, by the path that names them: of a directory or a pattern there may be many.
  package func dataFiles() throws(CorpusError) -> [(path: String, files: [String])] {
    var found: [(path: String, files: [String])] = []
    switch data {
    case .text(let corpus):
      for path in corpus.paths { found.append((path, try CorpusFiles.all(of: path))) }
      found += corpus.vocabularyFiles.map { ($0, [$0]) }
    case .dataset(let path): found.append((path, [path]))
    case .synthetic: break
    }
    return found + (model.vectors.map { [($0, [$0])] } ?? [])
  }
}

extension RunConfiguration {
  /// What `data.vocabulary.file` or `data.tokens.tokenizer` says, nil where the training text says it.
  package var givenVocabulary: KnownVocabulary? {
    get throws(CorpusError) {
      guard case .text(let corpus) = data else { return nil }
      if case .tokenizer(let path) = corpus.tokens { return KnownVocabulary(of: try BytePairTokenizer.read(path)) }
      guard let file = corpus.vocabulary.file, let tokenization = Tokenization(corpus.tokens.kind) else { return nil }
      return KnownVocabulary(
        words: try VocabularyFile.read(
          file, tokenization, format: format, isLowercase: corpus.vocabulary.isLowercase))
    }
  }

  /// Whether the ids are those of the training text's own tokens.
  package var countsVocabulary: Bool {
    guard case .text(let corpus) = data else { return true }
    return corpus.vocabularyFiles.isEmpty
  }
}

extension RunConfiguration.TextCorpus {
  /// The files that each split is read from, in the order in which they are.
  package func sources() throws(CorpusError) -> CorpusSources {
    func heldOut(_ source: RunConfiguration.HeldOut?) throws(CorpusError) -> CorpusSources.HeldOut {
      switch source {
      case nil: .none
      case .file(let path): .files(try CorpusFiles.all(of: path))
      case .split(let share): .fraction(share)
      }
    }
    var train: [String] = []
    for path in self.train { train += try CorpusFiles.all(of: path) }
    return CorpusSources(train: train, validation: try heldOut(validation), test: try heldOut(test))
  }

  /// Files that say which tokens have which ids.
  fileprivate var vocabularyFiles: [String] {
    let tokenizer = if case .tokenizer(let path) = tokens { [path] } else { [String]() }
    return tokenizer + (vocabulary.file.map { [$0] } ?? [])
  }

  /// The files that each split has of its own.
  package func files() throws(CorpusError) -> [(split: Split, paths: [String])] {
    let sources = try sources()
    return [(.train, sources.train)]
      + [(Split.validation, sources.validation), (.test, sources.test)].compactMap { split, source in
        if case .files(let paths) = source { (split, paths) } else { nil }
      }
  }

  /// All paths as they are named, of files, directories and patterns.
  fileprivate var paths: [String] {
    train + [validation, test].compactMap { if case .file(let path) = $0 { path } else { nil } }
  }

  /// How often it names what the process is given on standard input.
  var standardInputs: Int { paths.count { $0 == CorpusFiles.standardInput } }

  package var readsStandardInput: Bool { standardInputs > 0 }
}
