import Datasets
import Diagnostics

/// Why a task can't make anything of a dataset.
package enum TaskError: DiagnosedError, Equatable {
  /// A dataset that a tagger can't learn from.
  case noTags
  /// A dataset whose vocabulary has no place for words that a tagger doesn't know.
  case noUnknownToken
  /// A dataset whose words have lost their upper case, for a model that predicts them.
  case lowercaseWords
  /// A stream would have fewer timesteps than one window.
  case corpusTooShort(tokens: Int, streams: Int, window: Int)
  /// A split to measure on that is no timestep for each stream.
  case splitTooShort(Split, tokens: Int, streams: Int)
  /// Sentences that are all longer than what is to be looked at.
  case noShortSentence(words: Int)

  package var exitCode: ExitCode { .badInput }

  package var description: String {
    switch self {
    case .noTags:
      "the dataset has no tags, which `task: tagging` needs; prepare it from CoNLL-U with that task"
    case .noUnknownToken:
      "the dataset's vocabulary lacks \(Vocabulary.unknownToken), as which a tagger reads words that it doesn't know"
    case .lowercaseWords:
      "the dataset's words are in lower case (data.vocabulary.lowercase), which is for tagging: a language model's words are "
        + "what it predicts; prepare the text for a language model"
    case .corpusTooShort(let tokens, let streams, let window):
      "the training split is too short: training.batch_size \(streams) x training.bptt \(window) need "
        + "\(streams * window + 1) tokens, found \(tokens); lower one of them"
    case .splitTooShort(let split, let tokens, let streams):
      "the \(split.rawValue) split is too short: evaluation.streams \(streams) need \(counted(streams + 1, "token")), found "
        + "\(tokens); lower it, or use a longer text"
    case .noShortSentence(let words):
      "no sentence of the split has at most \(counted(words, "word"))"
    }
  }
}
