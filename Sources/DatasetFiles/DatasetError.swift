import Datasets
import Diagnostics

/// What is wrong with a dataset file that is sound as an HDF5 file.
package enum DatasetError: DiagnosedError, Equatable {
  /// `format` is what the file says that it is, nil if it says nothing.
  case notADataset(file: String, format: String?)
  case unknownVersion(file: String, found: Int, known: Int)
  case unknownTokenization(file: String, found: String)
  case tokenizer(file: String, TokenizerProblem)
  case unknownTagColumn(file: String, found: String)
  /// No train, validation or test split.
  case noSplit(file: String)
  case repeatedEntry(file: String, object: String, entry: String)
  /// The offsets of sentences don't run from 0 upwards to the number of tokens.
  case invalidOffsets(file: String, object: String, tokens: Int)
  /// An id without an entry in the vocabulary.
  case invalidId(file: String, object: String, position: Int, id: Int32, range: Range<Int>)
  /// Fewer or more tags or forms than tokens.
  case wrongCount(file: String, object: String, expected: Int, found: Int)
  /// Some of `/vocabulary/tags` and the splits' tags are there, others not; likewise for forms.
  case incomplete(file: String, missing: String, of: String)
  /// A token that no word is ever found as, where words are looked up in lower case.
  case upperCase(file: String, entry: String)
  /// A list of tokens that lacks a special one.
  case missingEntry(file: String, object: String, entry: String)
  /// A word form that stands for more than one token.
  case formOfTwoTokens(file: String, object: String, position: Int, form: Int32)
  /// More training words than words.
  case trainingForms(file: String, found: Int, forms: Int)
  case negativeCount(file: String, object: String, found: Int)

  package var description: String {
    switch self {
    case .notADataset(let file, nil):
      "\(file) is an HDF5 file, but not an rnn-train dataset; make one with `rnn-train prepare`"
    case .notADataset(let file, let format?):
      "\(file) is a file of the kind \"\(format)\", not a dataset"
    case .unknownVersion(let file, let found, let known):
      "\(file) has version \(found) of the dataset format; this program knows version \(known): prepare the data again"
    case .unknownTokenization(let file, let found):
      "\(file): tokenization should be one of \(TokenKind.allCases.map(\.rawValue).joined(separator: ", ")), "
        + "but is \"\(found)\""
    case .tokenizer(let file, let problem):
      "\(file): /vocabulary/tokenizer: \(problem)"
    case .unknownTagColumn(let file, let found):
      "\(file): /vocabulary attribute tag_column should be one of "
        + "\(TagColumn.allCases.map(\.rawValue).joined(separator: ", ")), but is \"\(found)\""
    case .noSplit(let file):
      "\(file) should hold at least one of \(Split.allCases.map { "/\($0.rawValue)" }.joined(separator: ", "))"
    case .repeatedEntry(let file, let object, let entry):
      "\(file): \(object) holds \"\(entry)\" twice"
    case .invalidOffsets(let file, let object, let tokens):
      "\(file): \(object) should go from 0 upwards to \(tokens), the number of tokens"
    case .invalidId(let file, let object, let position, let id, let range):
      "\(file): \(object)[\(position)] should be an id from \(range.lowerBound) to \(range.upperBound - 1), but is \(id)"
    case .wrongCount(let file, let object, let expected, let found):
      "\(file): \(object) should hold \(expected) numbers, one for each token, but holds \(found)"
    case .incomplete(let file, let missing, let parts):
      "\(file): \(missing) is missing, while other \(parts) are there"
    case .upperCase(let file, let entry):
      "\(file): /vocabulary/tokens should be in lower case, as its attribute lowercase says, but holds \"\(entry)\""
    case .missingEntry(let file, let object, let entry):
      "\(file): \(object) should hold \"\(entry)\""
    case .formOfTwoTokens(let file, let object, let position, let form):
      "\(file): \(object)[\(position)] is \(form), a form that belongs to another token before; a form should have one token"
    case .trainingForms(let file, let found, let forms):
      "\(file): /vocabulary attribute training_forms should be a number from 0 to \(forms), but is \(found)"
    case .negativeCount(let file, let object, let found):
      "\(file): \(object) should not be negative, but is \(found)"
    }
  }

  package var exitCode: ExitCode { .badInput }
}
