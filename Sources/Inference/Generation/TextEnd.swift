import Datasets
import Diagnostics

/// Where a text ends before it has the length that was asked for.
package enum TextEnd: String, Sendable, CaseIterable {
  /// With `</s>`, or at character level with a newline.
  case line
  /// With a token of nothing but marks that end sentences, `.` and `?!` among them, or with the line.
  case sentence

  /// Whether a token is marks that end sentences, and nothing else but a space before them.
  fileprivate static func endsSentence(_ token: String) -> Bool {
    let marks = token.unicodeScalars.trimmingPrefix(" ".unicodeScalars)
    return !marks.isEmpty && marks.allSatisfy(\.properties.isSentenceTerminal)
  }
}

/// The tokens that texts end with.
struct EndTokens: Sendable {
  private let line: Int32?
  private let marks: Set<Int32>
  /// Where a model reads from right to left, the marks that it reads before any word end the sentence that it is in, and not
  /// the one before.
  private let waitsForWord: Bool

  /// - Parameters:
  ///   - end: nil: none ends a text.
  ///   - prompt: what the texts go on from.
  /// - Throws: `GenerationError.noEnd` if the model knows none, so that no text would ever end.
  init(_ end: TextEnd?, of model: TrainedModel, after prompt: [Int32]) throws(GenerationError) {
    line = end == nil ? nil : model.vocabulary.sentenceEnd(model.tokenization)
    let (vocabulary, tokenization) = (model.vocabulary, model.tokenization)
    marks =
      end != .sentence
      ? []
      : Set(
        vocabulary.tokens.indices.filter { TextEnd.endsSentence(tokenization.text(of: vocabulary.tokens[$0])) }
          .map { Int32($0) })
    if let end, line == nil, marks.isEmpty { throw .noEnd(end) }
    let known = marks
    waitsForWord = model.direction == .backward && prompt.allSatisfy { known.contains($0) }
  }

  /// Whether a text ends with a token that comes after others of it.
  func isEnd(_ token: Int32, after tokens: [Int32]) -> Bool {
    if token == line { return true }
    return marks.contains(token) && !(waitsForWord && tokens.allSatisfy { marks.contains($0) })
  }
}

/// What keeps a model from writing.
package enum GenerationError: DiagnosedError, Equatable {
  case noEnd(TextEnd)
  /// Of what needs one that reads forward.
  case readsBackward(option: String)

  package var exitCode: ExitCode { .badInput }

  package var description: String {
    switch self {
    case .noEnd(let end):
      "--until \(end.rawValue): the model knows no token that ends a \(end.rawValue), since its text had none; leave it out, and "
        + "--length says where a text ends"
    case .readsBackward(let option):
      "\(option): expected a model that reads from left to right, found one of data.direction backward: a line is not what comes next "
        + "after the one before it"
    }
  }
}
