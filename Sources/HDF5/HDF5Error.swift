import Diagnostics

/// What is wrong with an HDF5 file, or with an image that was to become one.
///
/// `object` is a path within the file, such as `/parameters/decoder.weight`; `reason` is the HDF5 library's own,
/// innermost message.
package enum HDF5Error: DiagnosedError, Equatable {
  /// The library couldn't be made ready for use; no file has been looked at.
  case library(operation: String, reason: String)
  /// The library refused to build an image in memory.
  case building(object: String, operation: String, reason: String)
  /// The library refused to read.
  case reading(file: String, object: String, operation: String, reason: String)
  case notHDF5(file: String)
  /// The bytes aren't the ones that were written.
  case damaged(file: String, reason: String)
  /// No seal, where one is required.
  case unsealed(file: String)
  /// Something that an honest dataset or checkpoint never holds.
  case forbidden(file: String, object: String, what: String)
  case missing(file: String, object: String)
  case wrongType(file: String, object: String, expected: String, found: String)
  case wrongShape(file: String, object: String, expected: [Int], found: [Int])
  /// A string that isn't UTF-8, or holds the character U+0000, which ends a string in HDF5.
  case invalidText(file: String, object: String)

  package var description: String {
    switch self {
    case .library(let operation, let reason):
      "the HDF5 library is of no use: can't \(operation): \(reason)"
    case .building(let object, let operation, let reason):
      "building an HDF5 image: \(object): can't \(operation): \(reason)"
    case .reading(let file, let object, let operation, let reason):
      "\(file): \(object): can't \(operation): \(reason)"
    case .notHDF5(let file):
      "\(file) is not an HDF5 file; expected a dataset or checkpoint of rnn-train"
    case .damaged(let file, let reason):
      "\(file) is damaged: \(reason)"
    case .unsealed(let file):
      "\(file) has no seal at its end: it is cut short, or rnn-train didn't write it"
    case .forbidden(let file, let object, let what):
      "\(file): \(object) \(what), which rnn-train doesn't read"
    case .missing(let file, let object):
      "\(file): \(object) is missing; \(Self.layoutRemedy)"
    case .wrongType(let file, let object, let expected, let found):
      "\(file): \(object) should be \(expected), but is \(found); \(Self.layoutRemedy)"
    case .wrongShape(let file, let object, let expected, let found):
      "\(file): \(object) should have the shape \(expected), but has \(found); \(Self.layoutRemedy)"
    case .invalidText(let file, let object):
      "\(file): \(object) is not valid UTF-8 text"
    }
  }

  /// For a sound file that isn't laid out as it should be: rnn-train's own seal would have told of any damage.
  private static let layoutRemedy = "make it again with rnn-train, or mend the program that wrote it"

  package var exitCode: ExitCode {
    switch self {
    case .library, .building: .internalFault
    default: .badInput
    }
  }
}
