import Diagnostics

/// What is wrong with a dataset file that is sound as an HDF5 file.
package enum DatasetError: DiagnosedError, Equatable {
  /// `format` is what the file says that it is, nil if it says nothing.
  case notADataset(file: String, format: String?)
  case unknownVersion(file: String, found: Int, known: Int)
  case unknownTokenization(file: String, found: String)
  /// No train, validation or test split.
  case noSplit(file: String)
  case repeatedEntry(file: String, object: String, entry: String)
  /// The offsets of sentences don't run from 0 upwards to the number of tokens.
  case invalidOffsets(file: String, object: String, tokens: Int)
  /// An id without an entry in the vocabulary.
  case invalidId(file: String, object: String, position: Int, id: Int32, count: Int)
  /// Fewer or more tags than tokens.
  case tagCount(file: String, object: String, expected: Int, found: Int)
  /// Some of `/vocabulary/tags` and the splits' tags are there, others not.
  case incompleteTags(file: String, missing: String)
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
      "\(file): tokenization should be one of \(Tokenization.allCases.map(\.rawValue).joined(separator: ", ")), "
        + "but is \"\(found)\""
    case .noSplit(let file):
      "\(file) should hold at least one of \(Split.allCases.map { "/\($0.rawValue)" }.joined(separator: ", "))"
    case .repeatedEntry(let file, let object, let entry):
      "\(file): \(object) holds \"\(entry)\" twice"
    case .invalidOffsets(let file, let object, let tokens):
      "\(file): \(object) should go from 0 upwards to \(tokens), the number of tokens"
    case .invalidId(let file, let object, let position, let id, let count):
      "\(file): \(object)[\(position)] should be an id from 0 to \(count - 1), but is \(id)"
    case .tagCount(let file, let object, let expected, let found):
      "\(file): \(object) should hold \(expected) tags, one for each token, but holds \(found)"
    case .incompleteTags(let file, let missing):
      "\(file): \(missing) is missing, while other tags are there"
    case .negativeCount(let file, let object, let found):
      "\(file): \(object) should not be negative, but is \(found)"
    }
  }

  package var exitCode: ExitCode { .badInput }
}
