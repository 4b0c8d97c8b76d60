import ArgumentParser
import Compute
import Datasets
import Inference
import Keys
import Presentation
import Training

/// A model that writes, and the text that it reads first.
struct WriterOptions: ParsableArguments {
  @OptionGroup
  var checkpoint: CheckpointOption

  @OptionGroup
  var position: RunArgument

  @Option(parsing: .unconditional, help: ArgumentHelp("Text to go on from, or backward.", valueName: "text"))
  var prompt = ""

  @OptionGroup
  var options: ConsoleOptions

  var console: Console { options.console }

  /// What writes by the model, with its checkpoint. Says what it doesn't know of the prompt.
  ///
  /// - Parameter converses: whether it is going to write by turns, which a model can only forward.
  /// - Throws: `TrainingError.otherTask` if its task isn't to write.
  func writer(
    workers: Workers = Workers(count: 1), converses: Bool = false
  ) throws -> (TextGenerator, Checkpoint) {
    let kernels = try Kernels.chosen()
    let (checkpoint, path) = try checkpoint.read(position.path)
    let model = try checkpoint.model(file: path, kernels: kernels)
    guard let generator = checkpoint.configuration.task.generator(of: model, workers: workers) else {
      throw TrainingError.otherTask(file: path, expected: "a language model")
    }
    warn(ofUnknownTokensIn: prompt, checkpoint)
    if !converses, let notice = model.direction.notice {
      console.say("\(notice): what it says stands before the prompt")
    }
    return (generator, checkpoint)
  }

  /// Says which of a prompt's tokens the model reads as unknown ones.
  func warn(ofUnknownTokensIn prompt: String, _ checkpoint: Checkpoint) {
    let vocabulary = checkpoint.vocabulary
    let tokens = checkpoint.tokenization.tokens(of: prompt)
    let unknown = tokens.filter { vocabulary.id(of: $0) == vocabulary.unknownId }
    guard !unknown.isEmpty else { return }
    var seen: Set<String> = []
    let names = unknown.filter { seen.insert($0).inserted }.map(printable)
    let more = names.count > Self.namedTokens ? ", …" : ""
    console.say(
      "the model doesn't know \(unknown.count) of the prompt's \(Format.count(tokens.count, "token")): "
        + names.prefix(Self.namedTokens).joined(separator: ", ") + more)
    var normalization = NormalizationCheck(vocabulary)
    for token in tokens { normalization.note(token) }
    if let notice = normalization.notice { console.say(notice) }
  }

  /// Unknown tokens that a line has room for.
  private static let namedTokens = 10
}
