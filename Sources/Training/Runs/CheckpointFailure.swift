import Diagnostics
import Files

/// Why a checkpoint couldn't be written, and what it needs.
package struct CheckpointFailure: DiagnosedError, Equatable {
  package let cause: FileError
  /// The size of the file that was to be written; nil if it didn't come to that.
  let bytes: Int?
  /// What the file system has left; nil where that isn't the trouble.
  let free: Int?

  /// - Parameter directory: where the checkpoint was to be.
  init(_ cause: FileError, bytes: Int? = nil, directory: String) {
    self.cause = cause
    self.bytes = bytes
    free = cause.isForWantOfSpace ? Directory.freeBytes(of: directory) : nil
  }

  /// A lack of descriptors or memory is none of the place's.
  package var exitCode: ExitCode { cause.exitCode == .noResources ? .noResources : .cannotWrite }

  package var description: String {
    var text = "\(cause)"
    if let bytes { text += "; the checkpoint takes \(Self.kilobytes(bytes))" }
    if let free { text += "; \(Self.kilobytes(free)) are free there" }
    return text
  }

  private static func kilobytes(_ bytes: Int) -> String { "\((bytes + 999) / 1000) kB" }
}
