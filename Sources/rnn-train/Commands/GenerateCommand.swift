import ArgumentParser
import Compute
import Datasets
import Inference
import Keys
import Presentation
import Training

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Let a language model write.",
    discussion: """
      Examples:

        rnn-train generate --checkpoint runs/lm
        rnn-train generate --checkpoint runs/lm --prompt "the queen" --seed 7
        rnn-train generate --checkpoint runs/lm --temperature 0.7 --top-p 0.9

      The same checkpoint, prompt, settings and seed give the same text.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @OptionGroup
  var position: RunArgument

  @Option(parsing: .unconditional, help: ArgumentHelp("Text to go on from.", valueName: "text"))
  var prompt = ""

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens to write: words or characters, as the model has them.", valueName: "n"))
  var length = 200

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Below 1 for likelier text, above 1 for bolder; 0 takes the likeliest.", valueName: "x"))
  var temperature = 1.0

  @Option(parsing: .unconditional, help: ArgumentHelp("Choose from the k likeliest tokens only.", valueName: "k"))
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Choose from the likeliest tokens that have this probability together.", valueName: "p"))
  var topP: Double?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Decides every choice: another seed, another text.", valueName: "s"))
  var seed: UInt64 = 1

  @OptionGroup
  var options: ConsoleOptions

  func validate() throws {
    guard length >= 0 else { throw ValidationError("--length \(length): expected 0 or more") }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature \(temperature): expected 0 or more")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k \(topK): expected 1 or more") }
    if let topP, !(topP > 0 && topP <= 1) { throw ValidationError("--top-p \(topP): expected above 0, up to 1") }
  }

  func run() throws {
    let kernels = try Kernels.chosen()
    let (checkpoint, path) = try checkpoint.read(position.path)
    warnOfUnknownTokens(checkpoint)
    var sampling = Sampling()
    sampling.temperature = temperature
    sampling.topK = topK
    sampling.topP = topP
    sampling.seed = seed
    let model = try checkpoint.model(file: path, kernels: kernels)
    guard let generator = checkpoint.configuration.task.generator(of: model) else {
      throw TrainingError.otherTask(file: path, expected: "a language model")
    }
    var endsLine = false
    try generator.generate(prompt: prompt, length: length, sampling: sampling) { piece in
      try Results.print(piece, terminator: "")
      if let last = piece.last { endsLine = last == "\n" }
    }
    if !endsLine { try Results.print("") }
  }

  private func warnOfUnknownTokens(_ checkpoint: Checkpoint) {
    let vocabulary = checkpoint.vocabulary
    let tokens = checkpoint.tokenization.tokens(of: prompt)
    let unknown = tokens.filter { vocabulary.id(of: $0) == vocabulary.unknownId }
    guard !unknown.isEmpty else { return }
    var seen: Set<String> = []
    let names = unknown.filter { seen.insert($0).inserted }.map(printable)
    let more = names.count > Self.namedTokens ? ", …" : ""
    options.console.say(
      "the model doesn't know \(unknown.count) of the prompt's \(Format.count(tokens.count, "token")): "
        + names.prefix(Self.namedTokens).joined(separator: ", ") + more)
    var normalization = NormalizationCheck(vocabulary)
    for token in tokens { normalization.note(token) }
    if let notice = normalization.notice { options.console.say(notice) }
  }

  /// Unknown tokens that a line has room for.
  private static let namedTokens = 10
}
