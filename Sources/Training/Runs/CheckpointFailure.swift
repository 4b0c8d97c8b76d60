import Diagnostics
import Files

/// Why a checkpoint couldn't be written, and what it needs.
package struct CheckpointFailure: DiagnosedError, Equatable {
  package let cause: FileError
  /// What there was to write, in bytes; nil if it didn't come to that.
  let size: Size?
  /// What the file system has left; nil where that isn't the trouble.
  let free: Int?

  enum Size: Equatable {
    /// The whole file.
    case file(Int)
    /// All numbers of a file that couldn't be put together.
    case numbers(Int)
  }

  /// - Parameter directory: where the checkpoint was to be.
  init(_ cause: FileError, _ size: Size? = nil, directory: String) {
    self.cause = cause
    self.size = size
    free = cause.isForWantOfSpace ? Directory.freeBytes(of: directory) : nil
  }

  /// A lack of descriptors or memory is none of the place's.
  package var exitCode: ExitCode { cause.exitCode == .noResources ? .noResources : .cannotWrite }

  package var description: String {
    var text = "\(cause)"
    switch size {
    case .file(let bytes): text += "; the checkpoint takes \(Self.kilobytes(bytes))"
    case .numbers(let bytes): text += "; the checkpoint's numbers alone take \(Self.kilobytes(bytes))"
    case nil: break
    }
    if let free { text += "; \(Self.kilobytes(free)) are free there" }
    return text
  }

  private static func kilobytes(_ bytes: Int) -> String { "\((bytes + 999) / 1000) kB" }
}
