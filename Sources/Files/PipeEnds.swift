import Diagnostics
import Glibc

/// The two ends of a pipe, which child processes don't inherit. Whoever has an end closes it.
package struct PipeEnds: Sendable {
  package let reading: Int32
  package let writing: Int32

  package init() throws(SystemShortage) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemShortage(of: "pipe", code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }
}
