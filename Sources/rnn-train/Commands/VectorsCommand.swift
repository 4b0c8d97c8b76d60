import ArgumentParser
import Compute
import Datasets
import Diagnostics
import Files
import Inference
import Keys
import Presentation
import Training

struct VectorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vectors",
    abstract: "Write a model's word vectors, or show which words are near one.",
    discussion: """
      Examples:

        rnn-train vectors --checkpoint runs/lm --output vectors.txt
        rnn-train vectors --checkpoint runs/lm | head -3
        rnn-train vectors --checkpoint runs/lm --nearest queen -k 5

      The vectors are the embeddings of the model's tokens, as the text of
      word2vec: what a tagger's model.vectors reads, and gensim. White space
      in a token is written as <U+0020>, and the newline of a model of
      characters as </s>. Near are words with a large cosine.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @OptionGroup
  var position: RunArgument

  @Option(
    help: ArgumentHelp("Where to write the vectors. (default: standard output)", valueName: "vectors.txt"),
    completion: .file())
  var output: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Show the tokens nearest to this one instead.", valueName: "word"))
  var nearest: String?

  @Option(
    name: .customShort("k"), parsing: .unconditional,
    help: ArgumentHelp("How many of the nearest to show. (default: 10)", valueName: "n"))
  var count: Int?

  @Flag(help: "Print the nearest as one JSON object.")
  var json = false

  func validate() throws {
    if let count, count < 1 { throw ValidationError("-k \(count): expected 1 or more") }
    if nearest == nil, count != nil || json { throw ValidationError("-k and --json are for --nearest") }
    if nearest != nil, output != nil { throw ValidationError("expected one of --nearest and --output") }
  }

  func run() throws {
    let kernels = try Kernels.chosen()
    let (checkpoint, path) = try checkpoint.read(position.path)
    let vectors = TokenVectors(try checkpoint.model(file: path, kernels: kernels))
    if let nearest { return try show(nearest, vectors, file: path) }
    guard let output else { return try write(vectors) { bytes throws(OutputError) in try Results.write(bytes) } }
    // A slip of the hand must not cost a corpus or a checkpoint: only vectors are replaced.
    if let old = try InputFile.ifThere(output), try !VectorText.begins(old.contents()) {
      throw ValidationError("--output \(output): there is a file that holds no word vectors; choose another name")
    }
    try DurableFile.write(to: output) { write throws(FileError) in
      try self.write(vectors) { bytes throws(FileError) in
        try bytes.withUnsafeBufferPointer { bytes throws(FileError) in try write(UnsafeRawBufferPointer(bytes)) }
      }
    }
    try Results.print(output)
  }

  private func write<Failure: Error>(_ vectors: TokenVectors, _ write: ([UInt8]) throws(Failure) -> Void)
    throws(Failure)
  {
    let text = VectorText(words: vectors.vocabulary.tokens, width: vectors.width)
    try write(text.header)
    for first in stride(from: 0, to: vectors.vocabulary.count, by: Self.wordsAtOnce) {
      try write(text.lines(first..<min(first + Self.wordsAtOnce, vectors.vocabulary.count)) { vectors[$0] })
    }
  }

  private static let wordsAtOnce = 1000

  private func show(_ word: String, _ vectors: TokenVectors, file: String) throws {
    let tokens = vectors.vocabulary.tokens
    // What an unknown word would be read as isn't what was asked for.
    guard let id = vectors.vocabulary.knownId(of: word).map(Int.init) else {
      throw VectorsError.unknownWord(word, file: file, suggestion: closest(to: word, among: tokens))
    }
    let found = vectors.nearest(to: id, count: count ?? 10)
    let report = NearestTokens(
      word: word, nearest: found.map { .init(token: tokens[$0.id], id: $0.id, similarity: $0.similarity) })
    try Results.print(json ? JSON.text(report) : report.description)
  }
}

/// What keeps a word's neighbours from being shown.
enum VectorsError: DiagnosedError {
  case unknownWord(String, file: String, suggestion: String?)

  var exitCode: Diagnostics.ExitCode { .badInput }

  var description: String {
    switch self {
    case .unknownWord(let word, let file, let suggestion):
      "\(file): the model doesn't know the word \"\(printable(word))\""
        + (suggestion.map { "; did you mean \"\(printable($0))\"?" } ?? "")
    }
  }
}

/// The nearest tokens, with the names of their JSON object.
private struct NearestTokens: Encodable, CustomStringConvertible {
  struct Token: Encodable {
    let token: String
    let id: Int
    @NumberOrNull var similarity: Double
  }

  let word: String
  let nearest: [Token]

  var description: String {
    Table(["token", "cosine"], nearest.map { [Format.visible($0.token), Format.fixed($0.similarity, 4)] }).description
  }
}
