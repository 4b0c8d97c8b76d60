import ArgumentParser
import Compute
import Datasets
import Glibc
import Inference
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
        rnn-train generate --checkpoint runs/lm --samples 10 --until line
        rnn-train generate --checkpoint runs/lm --beam 5 --until line
        rnn-train generate --checkpoint runs/lm --interactive

      The same checkpoint, prompt, settings and seed give the same text,
      whatever else is drawn in the same call. Several samples have a line
      === N before each, but for --until, by which each is a line. A model of
      data.direction backward writes what stands before the prompt.
      """)

  @OptionGroup
  var writer: WriterOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens to write: words or characters, as the model has them.", valueName: "n"))
  var length = 200

  @Option(
    help: ArgumentHelp("End earlier, with the first line or sentence.", valueName: TextEnd.allNames("|")))
  var until: TextEnd?

  @OptionGroup
  var sampling: SamplingOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Texts to draw, side by side; the first is that of --samples 1.", valueName: "n"))
  var samples = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Nothing is drawn: a beam search of that width looks for the likeliest text, and says its log-probability.",
      valueName: "width"))
  var beam: Int?

  @Flag(help: "Read lines from standard input, and write on from each; --until line unless told otherwise.")
  var interactive = false

  @OptionGroup
  var threads: ThreadOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard length >= 0 else { throw ValidationError("--length \(length): expected 0 or more") }
    guard (1...Self.mostSamples).contains(samples) else {
      throw ValidationError("--samples \(samples): expected a number from 1 to \(Self.mostSamples)")
    }
    if let beam {
      guard (1...Self.widestBeam).contains(beam) else {
        throw ValidationError("--beam \(beam): expected a number from 1 to \(Self.widestBeam)")
      }
      if samples > 1 || sampling.isGiven {
        throw ValidationError(
          "--beam draws nothing: expected no --samples, --temperature, --top-k, --top-p and --seed beside it")
      }
    }
    if interactive && (beam != nil || samples > 1 || json || !writer.prompt.isEmpty) {
      throw ValidationError("--interactive: expected no --prompt, --samples, --beam and --json beside it")
    }
  }

  private static let mostSamples = 1_000_000
  private static let widestBeam = 1000

  func run() throws {
    // One text is so little to do at a time that threads would wait for each other.
    let workers = try samples > 1 || beam ?? 1 > 1 ? threads.workers() : Workers(count: 1)
    let (generator, checkpoint) = try writer.writer(workers: workers, converses: interactive)
    let extent = TextGenerator.Extent(length: length, end: until)
    if interactive {
      try converse(generator, checkpoint)
    } else if let beam {
      try search(generator, extent, width: beam)
    } else if json || samples > 1 {
      try draw(generator, extent)
    } else {
      var endsLine = false
      try generator.generate(prompt: writer.prompt, extent, sampling.sampling) { piece in
        try Results.print(piece, terminator: "")
        if let last = piece.last { endsLine = last == "\n" }
      }
      if !endsLine { try Results.print("") }
    }
  }

  /// Several samples, or one as an object: each when those beside it are complete.
  private func draw(_ generator: TextGenerator, _ extent: TextGenerator.Extent) throws {
    var object = GeneratedTexts(prompt: writer.prompt)
    var count = 0
    try generator.generate(prompt: writer.prompt, extent, sampling.sampling, samples: samples) { text in
      count += 1
      if json { return object.samples.append(GeneratedTexts.Text(text: text)) }
      try Results.print((until == nil ? "=== \(count)\n" : "") + text, terminator: text.last == "\n" ? "" : "\n")
    }
    if json { try Results.print(JSON.text(object)) }
  }

  private func search(_ generator: TextGenerator, _ extent: TextGenerator.Extent, width: Int) throws {
    let found = try generator.search(prompt: writer.prompt, extent, width: width)
    if json {
      var object = GeneratedTexts(prompt: writer.prompt)
      object.samples = found.map {
        GeneratedTexts.Text(
          text: $0.text, tokens: $0.tokens, logProbability: NumberOrNull(wrappedValue: $0.logProbability))
      }
      return try Results.print(JSON.text(object))
    }
    guard let best = found.first else { return }
    try Results.print(best.text, terminator: best.text.last == "\n" ? "" : "\n")
    writer.console.say(
      "log-probability \(Format.fixed(best.logProbability, 4)) of \(Format.count(best.tokens, "token")), in nats")
  }

  /// A line in, its continuation out, until the input's end.
  private func converse(_ generator: TextGenerator, _ checkpoint: Checkpoint) throws {
    let hasLines = checkpoint.vocabulary.sentenceEnd(checkpoint.tokenization) != nil
    let conversation = try generator.conversation(
      TextGenerator.Extent(length: length, end: until ?? (hasLines ? .line : nil)), sampling.sampling)
    var input = try TextLines(.standardInput)
    invite()
    while let lines = try input.next() {
      for line in lines.map({ String(decoding: $0, as: UTF8.self) }) {
        writer.warn(ofUnknownTokensIn: line, checkpoint)
        var (isFirst, endsLine) = (!checkpoint.tokenization.kind.isSeamless, false)
        try conversation.answer(line) { piece in
          // The space between what was typed and its continuation is the line end between them.
          try Results.print(isFirst ? String(piece.trimmingPrefix(" ")) : piece, terminator: "")
          (isFirst, endsLine) = (false, piece.last == "\n")
        }
        if !endsLine { try Results.print("") }
        invite()
      }
    }
    // Ctrl-D leaves the cursor behind the invitation.
    if isTyped { StandardStream.error.write("\n") }
  }

  /// Shows somebody who types that it is their turn.
  private func invite() {
    if isTyped { StandardStream.error.write("> ") }
  }

  private var isTyped: Bool { isatty(STDIN_FILENO) == 1 && !writer.options.quiet }
}

/// Texts with the names of their JSON object.
private struct GeneratedTexts: Encodable {
  struct Text: Encodable {
    let text: String
    /// Behind the prompt; of a search, as the rest.
    var tokens: Int?
    var logProbability: NumberOrNull?
  }

  let prompt: String
  var samples: [Text] = []
}

extension TextEnd: ExpressibleByArgument {
  static func allNames(_ separator: String) -> String { allCases.map(\.rawValue).joined(separator: separator) }
}
