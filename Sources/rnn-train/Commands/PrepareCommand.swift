import ArgumentParser
import Configuration
import DatasetFiles
import Datasets
import Files
import HDF5
import Presentation
import Training

struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Make a dataset of text or CoNLL-U, once, for many runs.",
    discussion: """
      Examples:

        rnn-train prepare --config configs/lm.cfg
        rnn-train prepare --config configs/lm.cfg --output english.h5
        cat my.txt | rnn-train prepare --config configs/lm.cfg --output my.h5 data.train=-

      Text may lie in directories, be compressed by gzip, xz or zstd, and be
      larger than memory; temporary files for it are in $TMPDIR, else in
      /var/tmp.

      Training does it by itself when it has to; a file of its own goes to
      another machine, or is read by other programs (it is HDF5). A run
      uses it by `data: {dataset: english.h5}` in its configuration.
      """)

  @OptionGroup
  var options: ConfigurationOptions

  @OptionGroup
  var threads: ThreadOptions

  @Option(
    help: ArgumentHelp(
      "Where to write the dataset. (default: the cache that training looks in)", valueName: "dataset.h5"),
    completion: .file(extensions: ["h5"]))
  var output: String?

  func run() throws {
    let configuration = try options.load()
    guard case .text(let corpus) = configuration.data else {
      throw TrainingError.unsupported(
        "\(options.config): there is no text to prepare; name it in data.train")
    }
    guard output != nil || !corpus.readsStandardInput else {
      throw ValidationError("standard input is read once: say by --output where its dataset is to be")
    }
    if let output { try Self.requireDataset(at: output) }
    let start = try ParentCheckpoint(of: configuration, Console(isQuiet: false))
    let (dataset, path, unknown) = try DatasetCache(threads: threads.count()).prepare(
      configuration, corpus, known: start?.known, to: output)
    if let notice = dataset.missedWordsNotice { Console(isQuiet: false).warn(notice) }
    try Results.print(Self.summary(dataset, path: path, unknown: unknown))
  }

  /// A slip of the hand must not cost a corpus or a checkpoint: only a dataset is replaced, a damaged one too.
  private static func requireDataset(at path: String) throws {
    guard let file = try OutputOption.file(at: path) else { return }
    let isDataset: Bool
    do {
      try FileProbe.check(file)
      isDataset = try HDF5File.open(file) { root in
        try root.hasAttribute("format") && root.stringAttribute("format") == DatasetFile.format
      }
    } catch is HDF5Error {
      isDataset = false
    }
    guard isDataset else { throw OutputOption.refusal(path, "a file that isn't a dataset") }
  }

  private static func summary(_ dataset: SequenceDataset, path: String, unknown: [Split: Int]) -> String {
    let table = Table(
      ["split", "sentences", "tokens", "unknown"],
      Split.allCases.compactMap { split in
        dataset.splits[split].map { sequence in
          [
            split.rawValue, Format.count(sequence.sentenceCount), Format.count(sequence.tokens.count),
            Format.percent(unknown[split] ?? 0, of: sequence.tokens.count),
          ]
        }
      })
    let vocabulary = "\(Format.count(dataset.vocabulary.count)) tokens (\(dataset.tokenization.kind.rawValue))"
    var facts = [("vocabulary", vocabulary), ("dataset", path)]
    if let columns = dataset.tagging?.columns {
      let counts = columns.map {
        columns.count == 1 ? Format.count($0.tags.count) : "\($0.column.rawValue) \(Format.count($0.tags.count))"
      }
      facts.insert(("tags", counts.joined(separator: ", ")), at: 1)
    }
    return "\(table)\n\n" + Format.facts(facts)
  }
}
