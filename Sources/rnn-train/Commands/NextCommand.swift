import ArgumentParser
import Inference
import Presentation

struct NextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "next",
    abstract: "Show the likeliest next tokens after a text.",
    discussion: """
      Examples:

        rnn-train next --checkpoint runs/lm --prompt "the queen"
        rnn-train next runs/lm --prompt "the queen" -k 3 --json
        rnn-train next runs/lm

      Probabilities are those among all tokens of the vocabulary, <unk>
      included, as softmax gives them. The text is read as after the end of a
      line; without any, the tokens are those that a line begins with. A model
      of data.direction backward shows what stands before the text.
      """)

  @OptionGroup
  var writer: WriterOptions

  @Option(
    name: .customShort("k"), parsing: .unconditional, help: ArgumentHelp("How many tokens to show.", valueName: "n"))
  var count = 10

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard count >= 1 else { throw ValidationError("-k \(count): expected 1 or more") }
  }

  func run() throws {
    let (generator, checkpoint) = try writer.writer()
    let (tokens, tokenization) = (checkpoint.vocabulary.tokens, checkpoint.tokenization)
    guard count <= tokens.count else {
      throw ValidationError(
        "-k \(count): expected a number up to \(tokens.count), which is all that the model's vocabulary has")
    }
    let next = try generator.next(after: writer.prompt, count: count)
    let report = NextTokens(
      prompt: writer.prompt, next: next.map { NextToken($0, tokenization.text(of: tokens[Int($0.id)])) })
    try Results.print(json ? JSON.text(report) : report.description)
  }
}

/// What may come next, with the names of its JSON object.
private struct NextTokens: Encodable, CustomStringConvertible {
  let prompt: String
  let next: [NextToken]

  var description: String {
    Table(
      ["token", "probability"], next.map { [Format.visible($0.token), Format.significant($0.probability, 4)] }
    ).description
  }
}

private struct NextToken: Encodable {
  let token: String
  let id: Int32
  @NumberOrNull var probability: Double
  @NumberOrNull var logProbability: Double

  init(_ ranked: RankedClass, _ token: String) {
    self.token = token
    id = ranked.id
    probability = ranked.probability
    logProbability = ranked.logProbability
  }
}
