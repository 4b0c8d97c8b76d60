import ArgumentParser
import Compute
import Inference
import Presentation
import Training

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
      line; without any, the tokens are those that a line begins with.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @OptionGroup
  var position: RunArgument

  @OptionGroup
  var prompt: PromptOption

  @Option(
    name: .customShort("k"), parsing: .unconditional, help: ArgumentHelp("How many tokens to show.", valueName: "n"))
  var count = 10

  @OptionGroup
  var options: ConsoleOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard count >= 1 else { throw ValidationError("-k \(count): expected 1 or more") }
  }

  func run() throws {
    let kernels = try Kernels.chosen()
    let (checkpoint, path) = try checkpoint.read(position.path)
    let generator = try checkpoint.generator(file: path, kernels: kernels)
    let tokens = checkpoint.vocabulary.tokens
    guard count <= tokens.count else {
      throw ValidationError(
        "-k \(count): expected a number up to \(tokens.count), which is all that the model's vocabulary has")
    }
    PromptOption.warn(ofUnknownTokensIn: prompt.prompt, checkpoint, options.console)
    let next = try generator.next(after: prompt.prompt, count: count)
    let report = NextTokens(prompt: prompt.prompt, next: next.map { NextToken($0, tokens[Int($0.id)]) })
    try Results.print(json ? JSON.text(report) : report.description)
  }
}

extension Checkpoint {
  /// What writes by the checkpoint's model.
  ///
  /// - Parameter file: what errors call the checkpoint.
  /// - Throws: `TrainingError.otherTask` if its task isn't to write.
  func generator(
    file: String, kernels: Kernels, workers: Workers = Workers(count: 1)
  ) throws -> TextGenerator {
    guard let generator = try configuration.task.generator(of: model(file: file, kernels: kernels), workers: workers)
    else { throw TrainingError.otherTask(file: file, expected: "a language model") }
    return generator
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
