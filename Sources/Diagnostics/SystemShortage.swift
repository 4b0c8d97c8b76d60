import Glibc

/// Something that the system gives no more of: threads, processes or pipes.
package struct SystemShortage: DiagnosedError, Equatable {
  private let what: String
  private let code: Int32

  /// - Parameters:
  ///   - what: one of it, as in "thread".
  ///   - code: the system's error code.
  package init(of what: String, code: Int32) {
    self.what = what
    self.code = code
  }

  package var exitCode: ExitCode { .noResources }

  package var description: String {
    "the system gives no \(what): \(String(cString: strerror(code))); is there a limit (ulimit -u, -v, -n)?"
  }
}
