import Configuration
import DatasetFiles
import Datasets
import Diagnostics
import Files
import Foundation

/// Prepared datasets by what they were made from: the same files with the same settings are prepared once.
package struct DatasetCache {
  private let directory: String
  /// How many read text.
  private let threads: Int

  /// `$XDG_CACHE_HOME/rnn-train`, else `~/.cache/rnn-train`.
  package init(threads: Int, environment: [String: String] = ProcessInfo.processInfo.environment) {
    directory = Self.directory(environment)
    self.threads = threads
  }

  static func directory(_ environment: [String: String]) -> String {
    let base = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    return Path.join(base ?? Path.join(environment["HOME"] ?? ".", ".cache"), "rnn-train")
  }

  private func path(settings: String) -> String { Path.join(directory, "\(settings).h5") }

  /// The dataset of a configuration, prepared now or taken from before, or read from where `data.dataset` says.
  ///
  /// - Parameters:
  ///   - known: what a model knows whose ids a text's dataset keeps, before any file of a vocabulary; one that `data.dataset` names has
  ///     its own.
  ///   - open: opens the file of `data.dataset`, and throws what is wrong with it before it is read here.
  ///   - notice: gets a line about anything unusual: a cache that can't be used costs time, never a run.
  package func dataset(
    for configuration: RunConfiguration, known: KnownVocabulary?,
    open: (String) throws -> InputFile = { try InputFile($0) },
    notice: (String) -> Void
  ) throws -> SequenceDataset {
    switch configuration.data {
    case .dataset(let path): return try DatasetFile.read(open(path)).dataset
    case .synthetic:
      throw TrainingError.unsupported("data.synthetic is for `rnn-train benchmark`; name text in data.train")
    case .text(let corpus):
      let known = try known ?? configuration.givenVocabulary
      if corpus.readsStandardInput {
        throw TrainingError.unsupported(
          "standard input is read once; make a dataset of it by `rnn-train prepare --output DATASET.h5`, and name that in "
            + "data.dataset")
      }
      let settings = try Self.settings(of: configuration, corpus, known: known)
      let path = path(settings: settings)
      if let dataset = cached(path, settings: settings, notice: notice) { return dataset }
      let (dataset, found) = try prepareDataset(configuration, corpus, known: known)
      guard found == settings else { throw try Self.changed(corpus) }
      do {
        try Self.write(dataset, settings: settings, to: path, makingDirectoryWith: 0o700)
      } catch {
        notice("the prepared dataset isn't kept: \(error)")
        return dataset
      }
      // What was written takes less than what the text was read into, which goes when nobody needs it.
      return cached(path, settings: settings, notice: notice) ?? dataset
    }
  }

  /// Prepares the dataset of a configuration, whether there is one already or not, and writes it to a file.
  ///
  /// - Parameters:
  ///   - known: what a model knows whose ids the dataset keeps.
  ///   - path: nil: the cache.
  /// - Returns: the dataset, the file, and how many of each split's tokens are unknown ones.
  package func prepare(
    _ configuration: RunConfiguration, _ corpus: RunConfiguration.TextCorpus, known: KnownVocabulary?,
    to path: String?
  ) throws -> (dataset: SequenceDataset, path: String, unknown: [Split: Int]) {
    let known = try known ?? configuration.givenVocabulary
    let (dataset, settings) = try prepareDataset(configuration, corpus, known: known)
    let place = path ?? self.path(settings: settings)
    let unknown = try Self.write(
      dataset, settings: settings, to: place, makingDirectoryWith: path == nil ? 0o700 : 0o777)
    return (dataset, place, unknown)
  }

  /// Reads the text, and makes sure that its files stay what they are.
  ///
  /// - Returns: the dataset, and the hash of what decides it.
  private func prepareDataset(
    _ configuration: RunConfiguration, _ corpus: RunConfiguration.TextCorpus, known: KnownVocabulary?
  ) throws -> (dataset: SequenceDataset, settings: String) {
    let stamps = try Self.stamps(of: corpus)
    let dataset = try configuration.task.dataset(
      of: corpus, format: configuration.format, known: known, threads: threads)
    let settings = try Self.settings(
      of: configuration, corpus, known: known, texts: dataset.splits.mapValues(\.sourceSHA256))
    guard try Self.stamps(of: corpus) == stamps else { throw try Self.changed(corpus) }
    return (dataset, settings)
  }

  /// What the files of each split are now.
  private static func stamps(of corpus: RunConfiguration.TextCorpus) throws -> [Split: [FileStamp?]] {
    var stamps: [Split: [FileStamp?]] = [:]
    for (split, paths) in try corpus.files() {
      stamps[split] = try paths.filter { $0 != CorpusFiles.standardInput }.map { try InputFile($0).stamp }
    }
    return stamps
  }

  private static func changed(_ corpus: RunConfiguration.TextCorpus) throws -> TrainingError {
    .changingText(files: try corpus.files().flatMap(\.paths))
  }

  /// - Parameter permissions: of the directory, if it has to be made; a new file's go with them: text that its owner alone
  ///   may read isn't shown to others by the cache.
  /// - Returns: how many of each split's tokens are unknown ones.
  @discardableResult
  private static func write(
    _ dataset: SequenceDataset, settings: String, to path: String, makingDirectoryWith permissions: UInt32
  ) throws -> [Split: Int] {
    let directory = Path.directory(of: path)
    try Directory.create(directory, permissions: permissions)
    do {
      try Directory.removeLeftovers(in: directory)
    } catch FileError.system(.list, _, _) {
      // What can't be listed keeps them.
    }
    return try DatasetFile.write(dataset, settings: settings, to: path, permissions: permissions & 0o666)
  }

  private func cached(_ path: String, settings: String, notice: (String) -> Void) -> SequenceDataset? {
    do {
      guard let file = try InputFile.ifThere(path) else { return nil }
      let (dataset, found) = try DatasetFile.read(file)
      return found == settings ? dataset : nil
    } catch {
      notice("\(error); preparing the dataset again")
      return nil
    }
  }

  /// Counts how often the same files with the same settings have come to mean other tokens, or to be told
  /// more of: a dataset that was prepared before must not be taken for one of now.
  private static let readingVersion = 5

  /// A hash of everything that decides a prepared dataset: format, settings, what a model knows already, and the bytes of
  /// each split's files.
  ///
  /// - Parameter texts: the hashes of texts that have been read, by split: that of a single file needn't be read once more for its
  ///   hash, unless it is compressed.
  package static func settings(
    of configuration: RunConfiguration, _ corpus: RunConfiguration.TextCorpus, known: KnownVocabulary?,
    texts: [Split: String] = [:]
  ) throws -> String {
    var description = "\(DatasetFile.format) \(DatasetFile.formatVersion), \(Version.name), reading \(readingVersion)\n"
    description += configuration.datasetSettings ?? ""
    if let known { description += "known=\(known.contentHash)\n" }
    for (split, paths) in try corpus.files() {
      description += "\(split.rawValue): \(counted(paths.count, "file"))\n"
      // What came by standard input nobody can read again.
      for path in paths where path != CorpusFiles.standardInput {
        let text = paths.count == 1 ? texts[split] : nil
        let hash = if let text, try !CorpusFiles.isCompressed(path) { text } else { try ContentHash.hex(ofFile: path) }
        description += hash + "\n"
      }
    }
    return Array(description.utf8).withUnsafeBytes { ContentHash.hex(of: $0) }
  }
}
