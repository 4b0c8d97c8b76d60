import Configuration
import Datasets
import Diagnostics
import Files
import Foundation

/// Prepared datasets by what they were made from: the same files with the same settings are prepared once.
package struct DatasetCache {
  private let directory: String

  /// `$XDG_CACHE_HOME/rnn-train`, else `~/.cache/rnn-train`.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let base = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    directory = Path.join(base ?? Path.join(environment["HOME"] ?? ".", ".cache"), "rnn-train")
  }

  /// Where the dataset of a configuration is, or would be.
  package func path(
    for configuration: RunConfiguration, _ corpus: RunConfiguration.TextCorpus
  ) throws(FileError) -> String {
    path(settings: try Self.settings(of: configuration, corpus))
  }

  private func path(settings: String) -> String { Path.join(directory, "\(settings).h5") }

  /// The dataset of a configuration, prepared now or taken from before, or read from where `data.dataset` says.
  ///
  /// - Parameter notice: gets a line about anything unusual: a cache that can't be used costs time, never a run.
  package func dataset(
    for configuration: RunConfiguration, notice: (String) -> Void
  ) throws -> SequenceDataset {
    switch configuration.data {
    case .dataset(let path): return try DatasetFile.read(path).dataset
    case .synthetic:
      throw TrainingError.unsupported("data.synthetic is for `rnn-train benchmark`; name text in data.train")
    case .text(let corpus):
      let settings = try Self.settings(of: configuration, corpus)
      let path = path(settings: settings)
      if let dataset = cached(path, settings: settings, notice: notice) { return dataset }
      let dataset = try configuration.task.dataset(of: corpus, format: configuration.format)
      guard try Self.settings(of: configuration, corpus) == settings else {
        throw TrainingError.changingText(files: corpus.files)
      }
      do {
        try Directory.create(directory)
        _ = try? Directory.removeLeftovers(in: directory)
        try DatasetFile.write(dataset, settings: settings, to: path)
      } catch {
        notice("the prepared dataset isn't kept: \(error)")
      }
      return dataset
    }
  }

  private func cached(_ path: String, settings: String, notice: (String) -> Void) -> SequenceDataset? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      let (dataset, found) = try DatasetFile.read(path)
      return found == settings ? dataset : nil
    } catch {
      notice("\(error); preparing the dataset again")
      return nil
    }
  }

  /// A hash of everything that decides a prepared dataset: format, settings, and the bytes of its files.
  package static func settings(
    of configuration: RunConfiguration, _ corpus: RunConfiguration.TextCorpus
  ) throws(FileError) -> String {
    var description = "\(DatasetFile.format) \(DatasetFile.formatVersion), \(Version.name)\n"
    description += configuration.datasetSettings ?? ""
    for file in corpus.files { description += try ContentHash.hex(ofFile: file) + "\n" }
    return Array(description.utf8).withUnsafeBytes { ContentHash.hex(of: $0) }
  }
}
