import ArgumentParser
import Files

/// What `--output` names: a slip of the hand must not cost anything that lies there.
enum OutputOption {
  /// The file that a new one would replace; nil where there is none.
  ///
  /// - Throws: `ValidationError` for what no file can replace, and for no name at all.
  static func file(at path: String) throws -> InputFile? {
    guard !path.isEmpty else { throw ValidationError("--output: expected the name of a file, found nothing") }
    do throws(FileError) {
      return try InputFile.ifThere(path)
    } catch .notAFile(_, let found) {
      throw refusal(path, found)
    }
  }

  /// - Parameter found: what there is.
  static func refusal(_ path: String, _ found: String) -> ValidationError {
    ValidationError("--output \(path): there is \(found); choose another name")
  }
}
