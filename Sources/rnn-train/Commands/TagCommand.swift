import ArgumentParser
import Compute
import Configuration
import Datasets
import Inference
import Keys
import Training

struct TagCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Let a tagger tag sentences.",
    discussion: """
      Examples:

        rnn-train tag --checkpoint runs/tagger corpus.conllu > tagged.conllu
        rnn-train tag runs/tagger corpus.conllu
        echo "Time flies like an arrow ." | rnn-train tag --checkpoint runs/tagger
        rnn-train tag runs/tagger corpus.conllu --probabilities
        rnn-train tag runs/tagger corpus.conllu --with runs/tagger-2

      It reads the formats that a tagger learns from, or text with one
      sentence a line and white space between its words, from a file or
      standard input. What has tags comes out as it went in but for the column
      of the tags, or the columns that the tagger has learned; text comes out
      as word/TAG, of several columns word/TAG/TAG. Probabilities go into MISC
      of CoNLL-U: TagProb=0.98, or with -k 2 TagProbs=NOUN:0.91,VERB:0.07.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @Argument(
    help: ArgumentHelp(
      "The run, unless --checkpoint names it, and what to tag. (default: standard input)", valueName: "run] [file"),
    completion: .file())
  var paths: [String] = []

  @OptionGroup
  var ensemble: EnsembleOption

  @Option(
    help: ArgumentHelp(
      "The input's format. (default: what its name or its first line shows, else the run's data.format or text)",
      valueName: "format"))
  var format: FormatArgument?

  @Option(help: ArgumentHelp("The output's format. (default: that of the input)", valueName: "format"))
  var output: FormatArgument?

  @Flag(help: "Write the probability of each tag into the MISC column of CoNLL-U.")
  var probabilities = false

  @Option(
    name: .customShort("k"), parsing: .unconditional,
    help: ArgumentHelp("With --probabilities: those of the k likeliest tags.", valueName: "k"))
  var ranked: Int?

  @OptionGroup
  var threads: ThreadOptions

  func validate() throws {
    if let ranked, ranked < 1 { throw ValidationError("-k \(ranked): expected 1 or more") }
    if ranked != nil && !probabilities { throw ValidationError("-k is for --probabilities") }
  }

  func run() throws {
    let workers = try threads.workers()
    let kernels = try Kernels.chosen()
    let seal = checkpoint.seal
    let (checkpoint, path, text) = try checkpoint.read(paths)
    let task = checkpoint.configuration.task
    let model = try checkpoint.model(file: path, kernels: kernels)
    let models = try ensemble.models(model, path: path, seal, kernels: kernels)
    guard let tagger = task.tagger(of: models, workers: workers) else {
      throw TrainingError.otherTask(file: path, expected: "a tagger")
    }
    let own = checkpoint.configuration.format
    let columns = tagger.columns.map(\.column)
    if probabilities, columns.count > 1 {
      throw ValidationError("--probabilities: is for taggers of one column, and this one has \(columns.count)")
    }
    let tagCount = tagger.columns[0].tags.count
    if let ranked, ranked > tagCount {
      throw ValidationError("-k \(ranked): expected a number up to \(tagCount), which is all tags of the model")
    }
    let output = output?.format(asIn: own)
    var input = try TaggerInput(
      text, format: format?.format(asIn: own),
      otherwise: own.isEqual(to: task.usualFormat) ? PlainText() : own)
    var normalization = NormalizationCheck(checkpoint.vocabulary)
    while let sentences = try input.next() {
      if columns.count > 1, let format = output ?? input.format, !format.hasSeveralTags {
        throw ValidationError(
          "\(format.title) has no place for the model's \(columns.count) columns; add --output \(CoNLLU().name)")
      }
      if probabilities, let format = output ?? input.format, !format.hasNotes {
        throw ValidationError(
          "--probabilities: \(format.title) has no column for them; add --output \(CoNLLU().name)")
      }
      for form in sentences.lazy.flatMap(\.forms) { normalization.note(form) }
      let tagged = tags(of: sentences.map(\.forms), by: tagger)
      let text = zip(sentences, tagged).flatMap { sentence, tagged in
        Self.text(of: sentence, tagged, in: columns, from: input.format, to: output)
      }
      try Results.write(text)
    }
    if let notice = normalization.notice { Console(isQuiet: false).warn(notice) }
  }

  /// A sentence's tags, [word][column], and what is to be said of them.
  private typealias Tagged = (tags: [[String]], notes: [TagNote]?)

  private func tags(of sentences: [[String]], by tagger: Tagger) -> [Tagged] {
    guard probabilities else { return tagger.tag(sentences).map { ($0, nil) } }
    return tagger.rank(sentences, count: ranked ?? 1).map { sentence in
      (
        sentence.map { [$0.given.tag] },
        sentence.map {
          ranked == nil ? TagNote(probability: $0.given.probability) : TagNote(ranking: $0.ranking)
        }
      )
    }
  }

  /// A sentence with its tags, in the format that it came in unless another one is asked for.
  private static func text(
    of sentence: TaggedSentence, _ tagged: Tagged, in columns: [TagColumn], from input: (any CorpusFormat)?,
    to output: (any CorpusFormat)?
  ) -> [UInt8] {
    if let output, input.map({ !output.isEqual(to: $0) }) ?? true {
      return output.text(of: sentence.forms, tagged.tags, notes: tagged.notes, in: columns)
    }
    return input?.tagged(sentence, tagged.tags, notes: tagged.notes, in: columns) ?? []
  }
}

/// A format of corpus files by its name.
struct FormatArgument: NamedKind {
  private let format: any CorpusFormat

  static var all: [any CorpusFormat] { CorpusFormats.all }
  static func name(of format: any CorpusFormat) -> String { format.name }

  init(_ format: any CorpusFormat) { self.format = format }

  /// With the settings that a run has for it.
  func format(asIn own: any CorpusFormat) -> any CorpusFormat { own.name == format.name ? own : format }
}
