import ArgumentParser
import Compute
import Datasets
import Training

struct TagCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Let a tagger tag sentences.",
    discussion: """
      Examples:

        rnn-train tag --checkpoint runs/tagger corpus.conllu > tagged.conllu
        echo "Time flies like an arrow ." | rnn-train tag --checkpoint runs/tagger

      It reads CoNLL-U, or text with one sentence a line and white space
      between its words, from a file or standard input. CoNLL-U comes out as
      it went in but for the column of the tags; text comes out as word/TAG.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @Argument(help: ArgumentHelp("What to tag. (default: standard input)", valueName: "file"), completion: .file())
  var file: String?

  @Option(
    help: ArgumentHelp(
      "conllu or text. (default: conllu for a file named .conllu, else what the first line looks like)",
      valueName: "format"))
  var format: TaggerInput.Format?

  @Option(help: ArgumentHelp("conllu or text. (default: that of the input)", valueName: "format"))
  var output: TaggerInput.Format?

  @OptionGroup
  var threads: ThreadOptions

  func run() throws {
    let workers = Workers(count: try threads.count())
    let kernels = try Kernels.chosen()
    let (checkpoint, path) = try checkpoint.read()
    let tagger = try Tagger(checkpoint, file: path, kernels: kernels, workers: workers)
    let writer = TaggedOutput(column: tagger.column, format: output)
    var input = try TaggerInput(file.map { .file($0) } ?? .standardInput, format: format)
    while let sentences = try input.next() {
      let tags = tagger.tag(sentences.map(\.words))
      var text: [UInt8] = []
      for (sentence, tags) in zip(sentences, tags) { writer.write(sentence, tags, to: &text) }
      try Results.write(text)
    }
  }
}

extension TaggerInput.Format: ExpressibleByArgument {}

extension TaggerInput.Sentence {
  var words: [String] {
    switch self {
    case .treebank(let sentence): sentence.forms
    case .line(let words): words
    }
  }
}
