import Datasets
import Diagnostics

/// Where a text ends before it has the length that was asked for.
package enum TextEnd: String, Sendable, CaseIterable {
  /// With `</s>`, or at character level with a newline.
  case line
  /// With a token of nothing but marks that end sentences, `.` and `?!` among them, or with the line.
  case sentence

  /// The tokens that a text ends with.
  ///
  /// - Throws: `GenerationError.noEnd` if the model knows none, so that no text would ever end.
  func tokens(of model: TrainedModel) throws(GenerationError) -> Set<Int32> {
    var tokens = Set([model.vocabulary.sentenceEnd(model.tokenization)].compactMap(\.self))
    if self == .sentence {
      for (id, token) in model.vocabulary.tokens.enumerated()
      where Self.endsSentence(model.tokenization.text(of: token)) {
        tokens.insert(Int32(id))
      }
    }
    if tokens.isEmpty { throw .noEnd(self) }
    return tokens
  }

  /// Whether a token is marks that end sentences, and nothing else but a space before them.
  private static func endsSentence(_ token: String) -> Bool {
    let marks = token.unicodeScalars.trimmingPrefix(" ".unicodeScalars)
    return !marks.isEmpty && marks.allSatisfy(\.properties.isSentenceTerminal)
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
