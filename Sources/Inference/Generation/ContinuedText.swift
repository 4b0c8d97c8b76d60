import Datasets

/// The text of tokens that go on from a prompt, with the spaces that belong between them: piece by piece where the model reads
/// forward. Where it reads backward, what comes first is known last.
struct ContinuedText {
  private let model: TrainedModel
  private let prompt: String
  private let ends: EndTokens
  /// Whether the last token is one that a text ends with.
  private(set) var hasEnded = false
  private var joiner: TextJoiner
  /// A space that was typed already isn't put in again.
  private var isSpaced: Bool
  /// Read backward, all so far; of others none.
  private var tokens: [Int32] = []

  init(after prompt: String, _ model: TrainedModel, ends: EndTokens) {
    (self.prompt, self.model, self.ends) = (prompt, model, ends)
    joiner = TextJoiner(model.tokenization)
    isSpaced = !model.tokenization.kind.isSeamless && prompt.last?.isWhitespace == true
    if model.direction == .forward { for token in model.tokenization.tokens(of: prompt) { _ = joiner.append(token) } }
  }

  /// What is known of the text before the first token is.
  var beginning: String { model.direction == .forward ? prompt : "" }

  /// The piece that a token adds at the end of what is known; none where that is still to come.
  mutating func append(_ token: Int32) -> String {
    hasEnded = ends.isEnd(token, after: tokens)
    guard model.direction == .forward else {
      tokens.append(token)
      return ""
    }
    let piece = joiner.append(model.vocabulary.tokens[Int(token)])
    defer { isSpaced = false }
    return isSpaced && piece.first == " " ? String(piece.dropFirst()) : piece
  }

  /// What is left behind the last token: of a model that reads backward, the whole text. The token that it ended with is the
  /// end of another line or sentence.
  var rest: String {
    guard model.direction == .backward else { return "" }
    var joiner = TextJoiner(model.tokenization)
    let written = tokens.dropLast(hasEnded ? 1 : 0).reversed()
    let text = written.map { joiner.append(model.vocabulary.tokens[Int($0)]) }.joined()
    let next = model.tokenization.tokens(of: model.read(prompt)).first.map { joiner.append($0) } ?? ""
    let isSpaced = !text.isEmpty && next.first == " " && prompt.first != " "
    return text + (isSpaced ? " " : "") + prompt
  }
}

extension TrainedModel {
  /// A prompt as the model is to read it. One that reads backward doesn't know that a line begins before it, so that subwords
  /// have the space that they have within lines.
  func read(_ prompt: String) -> String {
    let isWithin = direction == .backward && tokenization.kind == .bpe && prompt.first?.isWhitespace == false
    return isWithin ? " " + prompt : prompt
  }
}
