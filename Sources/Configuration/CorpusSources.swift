import Datasets

// What a configuration says of a corpus, in the corpus' own terms.

extension RunConfiguration {
  /// The format of the corpus' files.
  package var format: any CorpusFormat {
    if case .text(let corpus) = data, let format = corpus.format.format { format } else { task.usualFormat }
  }
}

extension RunConfiguration {
  /// All files that a run reads.
  package var dataFiles: [String] {
    let corpus =
      switch data {
      case .text(let corpus): corpus.files
      case .dataset(let path): [path]
      case .synthetic: [String]()
      }
    return corpus + (model.vectors.map { [$0] } ?? [])
  }
}

extension RunConfiguration.TextCorpus {
  package var sources: CorpusSources {
    func heldOut(_ source: RunConfiguration.HeldOut?) -> CorpusSources.HeldOut {
      switch source {
      case nil: .none
      case .file(let path): .files([path])
      case .split(let share): .fraction(share)
      }
    }
    return CorpusSources(train: train, validation: heldOut(validation), test: heldOut(test))
  }

  /// All files that it is read from.
  package var files: [String] {
    train + [validation, test].compactMap { if case .file(let path) = $0 { path } else { nil } }
  }
}
