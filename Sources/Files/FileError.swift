import Diagnostics
import Glibc

/// What went wrong with a file or directory.
package enum FileError: DiagnosedError, Equatable {
  /// What was being done when the system refused.
  package enum Operation: String, Sendable {
    case open, read, create, write, rename, remove, lock
    case makeDurable = "flush to the disk"
    case createDirectory = "create the directory"
    case createLink = "create the link"
    case list = "list the directory"

    /// Whether the operation was on the way to a result of ours, not on the way to reading input.
    var isOutput: Bool {
      switch self {
      case .open, .read, .list: false
      case .create, .write, .rename, .remove, .lock, .makeDurable, .createDirectory, .createLink: true
      }
    }
  }

  /// A system call failed; `code` is its `errno`.
  case system(Operation, path: String, code: Int32)
  /// A live process holds the directory.
  case inUse(directory: String, holder: String)
  /// The lock file was left by, or belongs to, a process on a host that can't be asked whether it lives.
  case lockedElsewhere(lockFile: String, holder: String)
  /// The file system has no locks, so nothing could keep a second process out.
  case locksUnsupported(directory: String, code: Int32)

  package var description: String {
    switch self {
    case .system(let operation, let path, let code):
      "\(path): can't \(operation.rawValue): \(errorText(code))\(remedy(for: code, operation))"
    case .inUse(let directory, let holder):
      "\(directory) is in use by \(holder)"
    case .lockedElsewhere(let lockFile, let holder):
      "\(lockFile) belongs to \(holder), which can't be checked from here; if that process is gone, delete the file"
    case .locksUnsupported(let directory, let code):
      "\(directory): can't be locked against a second process: \(errorText(code)); choose a directory on a local disk"
    }
  }

  package var exitCode: ExitCode {
    switch self {
    case .system(let operation, _, let code):
      // A failing device is another matter than a place that can't be written to.
      operation.isOutput && code != EIO ? .cannotWrite : .inputOutput
    case .inUse, .lockedElsewhere, .locksUnsupported: .cannotWrite
    }
  }
}

extension FileError {
  /// Whether a disk or a quota is full.
  package var isForWantOfSpace: Bool {
    if case .system(_, _, let code) = self { code == ENOSPC || code == EDQUOT } else { false }
  }
}

private func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }

private func remedy(for code: Int32, _ operation: FileError.Operation) -> String {
  switch code {
  case ENOSPC, EDQUOT: "; free some space, or write elsewhere"
  case EFBIG: "; the process has a limit on file sizes (ulimit -f)"
  case ENOENT where operation.isOutput: "; is its directory there?"
  default: ""
  }
}
