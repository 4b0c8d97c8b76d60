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
  /// Something else than a file where only a file will do: a pipe, which may never end, or a directory.
  case notAFile(path: String, found: String)
  /// A directory that files are to be taken from.
  case noFiles(directory: String)
  /// Something in a directory whose name isn't UTF-8, as the path shows it.
  case unreadableName(path: String)
  /// A file that somebody writes to, or cuts short, while it is read.
  case changed(path: String)
  /// A name in a directory of ours that leads out of it: what is written there would be somewhere else.
  case notOfDirectory(path: String, what: String)
  /// A directory that was removed while it was in use.
  case directoryGone(String)
  /// A directory whose lock somebody else has got since.
  case lockLost(directory: String, holder: String)
  /// A live process holds the directory.
  case inUse(directory: String, holder: String)
  /// The lock file was left by, or belongs to, a process on a host that can't be asked whether it lives.
  case lockedElsewhere(lockFile: String, holder: String)
  /// The file system has no locks, so nothing could keep a second process out.
  case locksUnsupported(directory: String, code: Int32)
  /// The system gives no thread or pipe that keeping a lock takes.
  case shortage(SystemShortage)

  package var description: String {
    switch self {
    case .system(let operation, let path, let code):
      "\(path): can't \(operation.rawValue): \(errorText(code))\(remedy(for: code, operation))"
    case .notAFile(let path, let found):
      "\(path): expected a file, found \(found); write what it holds to a file first"
    case .noFiles(let directory):
      "\(directory): expected a directory with files, found none; what begins with a full stop isn't taken, nor are links to directories"
    case .unreadableName(let path):
      "\(path): its name isn't UTF-8; rename it first"
    case .changed(let path):
      "\(path) has changed while it was being read"
    case .notOfDirectory(let path, let what):
      "\(path): this \(what); a run writes to nothing but what lies in its own directory: put the thing itself there"
    case .directoryGone(let directory):
      "\(directory) was removed while it was in use"
    case .lockLost(let directory, let holder):
      "\(directory) belongs to \(holder) now: its run.lock was removed while this process was at work, or it was suspended for long"
    case .inUse(let directory, let holder):
      "\(directory) is in use by \(holder)"
    case .lockedElsewhere(let lockFile, let holder):
      "\(lockFile) belongs to \(holder), which can't be checked from here; if that process is gone, delete the file"
    case .shortage(let shortage): shortage.description
    case .locksUnsupported(let directory, let code):
      "\(directory): can't be locked against a second process: \(errorText(code)); choose a directory on a local disk"
    }
  }

  /// What the system said, without the path.
  package var reason: String { if case .system(_, _, let code) = self { errorText(code) } else { description } }

  package var exitCode: ExitCode {
    switch self {
    case .system(_, _, EMFILE), .system(_, _, ENFILE): .noResources
    case .system(let operation, _, let code):
      // A failing device is another matter than a place that can't be written to.
      operation.isOutput && code != EIO ? .cannotWrite : .inputOutput
    case .notAFile, .noFiles, .unreadableName, .changed: .badInput
    case .notOfDirectory, .directoryGone, .lockLost, .inUse, .lockedElsewhere, .locksUnsupported: .cannotWrite
    case .shortage(let shortage): shortage.exitCode
    }
  }
}

extension FileError {
  /// Whether there simply is nothing of that path; other errors say nothing about what is there.
  package var isForWantOfFile: Bool {
    if case .system(_, _, let code) = self { code == ENOENT || code == ENOTDIR } else { false }
  }

  /// Whether a disk or a quota is full.
  package var isForWantOfSpace: Bool {
    if case .system(_, _, let code) = self { code == ENOSPC || code == EDQUOT } else { false }
  }
}

private func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }

private func remedy(for code: Int32, _ operation: FileError.Operation) -> String {
  switch code {
  case ENOSPC, EDQUOT: "; free some space, or write elsewhere"
  case EMFILE: "; the process has a limit on open files (ulimit -n)"
  case EFBIG: "; the process has a limit on file sizes (ulimit -f)"
  case ENOENT where operation.isOutput: "; is its directory there?"
  default: ""
  }
}
