import ArgumentParser
import Datasets
import Keys
import Presentation
import Training

/// Text that a language model reads first.
struct PromptOption: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Text to go on from.", valueName: "text"))
  var prompt = ""

  /// Says which of the prompt's tokens the model reads as unknown ones.
  static func warn(ofUnknownTokensIn prompt: String, _ checkpoint: Checkpoint, _ console: Console) {
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
