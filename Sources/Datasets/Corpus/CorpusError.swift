import Compression
import Diagnostics
import Files
import Keys

/// What can be wrong with a text, a treebank or the way in which they are to be split.
package enum CorpusError: DiagnosedError, Equatable {
  /// The system refused to open or read a file.
  case file(FileError)
  /// Bytes that no UTF-8 text has; `offset` counts bytes from the text's start, of a compressed file those that it unpacks to.
  case notUTF8(path: String, offset: Int, unpackedFrom: CompressedFormat? = nil)
  /// A NUL, which a UTF-16 or binary file is full of and a text never has.
  case nul(path: String, offset: Int, unpackedFrom: CompressedFormat? = nil)
  /// A compressed file that can't be read to its end.
  case compressed(path: String, CompressedFormat, CompressionProblem)
  /// A file that is no text, but of a kind that is known.
  case binary(path: String, BinaryKind)
  /// Files without a single token.
  case empty(paths: [String])
  case invalidFractions(validation: Double, test: Double)
  /// A fraction of the training text that comes to nothing. `endsLinesInCR`: carriage returns stand in it without newlines.
  case emptySplit(Split, paths: [String], units: Int, unit: RecordedText.Unit, endsLinesInCR: Bool)
  /// `size` is what the configuration allows.
  case vocabularyTooSmall(size: Int, minimum: Int)
  /// A training text of which every token would be unknown; `highest` is the count of the most frequent one, 0 if it
  /// has special tokens alone.
  case noFrequentToken(paths: [String], minimumCount: Int, highest: Int)
  /// More different words than there are numbers for.
  case tooManyWords(paths: [String])
  /// A token that a vocabulary without `<unk>` can't represent.
  case unknownToken(String, paths: [String])
  /// Tags that a tagger which keeps its own doesn't have.
  case unknownTags([String], paths: [String])
  /// Files without a single tag in the column that is asked for, as their format calls it; `others` are the columns that have some.
  case noTags(column: String, paths: [String], others: [TagColumn] = [])
  case malformedLine(MalformedLine)
  case tokenizer(path: String, TokenizerProblem)
  case malformedVectors(path: String, line: Int, problem: VectorsProblem)
  case tooFewTokens(count: Int, streams: Int)

  package var exitCode: ExitCode {
    switch self {
    case .file(let error): error.exitCode
    default: .badInput
    }
  }

  package var description: String {
    switch self {
    case .file(let error):
      error.description
    case .notUTF8(let path, let offset, let format):
      // The mark that UTF-16 begins with is none of UTF-8.
      "\(path): not UTF-8 at byte \(offset)\(format.unpacked); convert it first "
        + (offset == 0
          ? "(for example: \(format.unpacking(path))iconv -f UTF-16 -t UTF-8)"
          : "(for example: \(format.unpacking(path))iconv -f LATIN1 -t UTF-8), or leave out what is damaged "
            + "(\(format.unpacking(path))iconv -c -f UTF-8 -t UTF-8)")
    case .nul(let path, let offset, let format):
      // The first letter of most texts in UTF-16 has one.
      "\(path): NUL at byte \(offset)\(format.unpacked), so this is no UTF-8 text; convert it first "
        + (offset < 2
          ? "(for example: \(format.unpacking(path))iconv -f \(offset == 0 ? "UTF-16BE" : "UTF-16LE") -t UTF-8)"
          : "(for example: \(format.unpacking(path))iconv -f UTF-16 -t UTF-8), or leave out what is damaged "
            + "(\(format.unpacking(path))tr -d '\\000')")
    case .compressed(let path, let format, .truncated):
      "\(path): its \(format.rawValue) data ends too early: the file is cut short; fetch or make it again"
    case .compressed(let path, let format, .damaged):
      "\(path): its \(format.rawValue) data is damaged, or something stands behind it; fetch or make it again"
    case .compressed(let path, let format, .memory):
      "\(path): its \(format.rawValue) data takes more than 128 MiB of memory to decompress, or there is none; unpack it first"
    case .binary(let path, let kind):
      "\(path) is no text: \(kind.remedy(path))"
    case .empty([CorpusFiles.standardInput]):
      "standard input: expected at least one token, found none"
    case .empty(let paths):
      "\(paths.joined(separator: ", ")): expected at least one token, found none"
    case .invalidFractions(let validation, let test):
      "data.validation.split, data.test.split: expected fractions from 0 to below 1 that leave something to train on, "
        + "found \(validation) and \(test)"
    case .emptySplit(_, let paths, _, _, endsLinesInCR: true):
      "\(paths.joined(separator: ", ")): expected lines that end in LF or CR LF, found CR alone, so that the text is one line, "
        + "which can't be split; convert it first (for example: tr '\\r' '\\n')"
    case .emptySplit(_, let paths, 1, .sentences, _):
      "\(paths.joined(separator: ", ")): the text is one line or one sentence, which can't be split; give data.validation and "
        + "data.test files of their own, or, where a line is a sentence, give each a line or read it by data.tokens=character"
    case .emptySplit(let split, let paths, let units, let unit, _):
      "\(paths.joined(separator: ", ")): the \(split.rawValue) split of its \(counted(units, unit.noun)) would be empty; "
        + "\(split.remedyIfEmpty), or use a longer text"
    case .vocabularyTooSmall(let size, let minimum):
      "data.vocabulary.size: expected at least \(minimum), special tokens included, found \(size)"
    case .noFrequentToken(let paths, _, highest: 0):
      "\(paths.joined(separator: ", ")): expected tokens to learn, found none but special ones"
    case .noFrequentToken(let paths, let minimumCount, let highest):
      "\(paths.joined(separator: ", ")): expected a token with a count of at least \(minimumCount), but the highest "
        + "count is \(highest); lower data.vocabulary.min_count"
    case .tooManyWords(let paths):
      "\(paths.joined(separator: ", ")): expected at most \(Int32.max) different words, found more"
    case .unknownToken(let token, let paths):
      "\(paths.joined(separator: ", ")): the token \"\(token)\" is not in the vocabulary, and the vocabulary has no \(Vocabulary.unknownToken)"
    case .unknownTags(let tags, let paths):
      "\(paths.joined(separator: ", ")): the tagger that the run begins with has no tag \(enumeration(of: tags, conjunction: "or")); "
        + "data.vocabulary.extend=true adds what it lacks"
    case .noTags(let column, let paths, let others):
      "\(paths.joined(separator: ", ")): expected tags in \(column), found none"
        + (others.isEmpty
          ? ""
          : " (there are some in \(enumeration(of: others.map(\.rawValue), conjunction: "and")); to learn those, write data.tags="
            + (others.count == 1
              ? others[0].rawValue.lowercased()
              : "[\(others.map { $0.rawValue.lowercased() }.joined(separator: ", "))]") + ")")
    case .malformedLine(let line):
      line.description
    case .tokenizer(let path, let problem):
      "\(path): \(problem)"
    case .malformedVectors(let path, let line, let problem):
      "\(path):\(line): \(problem)"
    case .tooFewTokens(let count, let streams):
      "expected more than \(counted(streams, "token")) to read as \(counted(streams, "stream")), found \(count); "
        + "lower training.batch_size (for training) or evaluation.streams (for evaluation; `evaluate --streams`), or use a "
        + "longer text"
    }
  }
}

extension Split {
  /// What to change in a configuration whose fractions leave nothing for this split.
  fileprivate var remedyIfEmpty: String {
    switch self {
    case .train: "lower data.validation.split or data.test.split"
    case .validation, .test: "raise data.\(rawValue).split"
    }
  }
}

extension CompressedFormat? {
  /// Where offsets of a compressed file's text are.
  fileprivate var unpacked: String { self == nil ? "" : " of what it unpacks to" }

  /// A command of the shell that hands the text to the next one; nothing where the file is the text.
  fileprivate func unpacking(_ path: String) -> String {
    let file = path == OpenFile.standardInputName ? "" : " \(path)"
    return switch self {
    case nil: ""
    case .gzip: "gzip -dc\(file) | "
    case .xz: "xz -dc\(file) | "
    case .zstd: "zstd -dc\(file) | "
    }
  }
}
