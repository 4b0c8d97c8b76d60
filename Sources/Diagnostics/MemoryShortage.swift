import Glibc

/// The end of a process that the system refuses memory: there is nothing to go on with, as after any failed allocation in
/// Swift, but people are to know what happened.
package enum MemoryShortage {
  package static func end(bytes: Int) -> Never { end("\((bytes + 999_999) / 1_000_000) MB of memory") }

  /// - Parameter wanted: what the system doesn't give.
  package static func end(_ wanted: String) -> Never {
    let reason = String(cString: strerror(errno))
    let line = "rnn-train: the system gives no \(wanted): \(reason)\n"
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    _exit(ExitCode.noResources.rawValue)
  }
}
