import Glibc
import Synchronization

/// Ends waiting for input, from another thread and for good.
package final class Interruption: Sendable {
  private struct State {
    var isInterrupted = false
    /// What those who wait look at besides; none before somebody waits.
    var pipe: PipeEnds?
  }

  private let state = Mutex(State())

  package init() {}

  deinit {
    state.withLock { state in
      for end in [state.pipe?.reading, state.pipe?.writing] { if let end { close(end) } }
    }
  }

  /// Ends all waiting, what goes on now and what would begin later.
  package func interrupt() {
    state.withLock { state in
      state.isInterrupted = true
      var byte: UInt8 = 0
      // Nobody takes it out, so it is there for everybody.
      if let pipe = state.pipe { _ = write(pipe.writing, &byte, 1) }
    }
  }

  /// Waits until there is something to read, or the end.
  ///
  /// - Returns: false once it is interrupted. Where the system has no more descriptors it can't be.
  func wait(for descriptor: Int32) -> Bool {
    let end: Int32? = state.withLock { state in
      if state.isInterrupted { return nil }
      if state.pipe == nil { state.pipe = try? PipeEnds() }
      return state.pipe?.reading ?? -1
    }
    guard let end else { return false }
    let events = Int16(POLLIN)
    var waited = [pollfd(fd: descriptor, events: events, revents: 0), pollfd(fd: end, events: events, revents: 0)]
    while poll(&waited, nfds_t(waited.count), -1) < 0, errno == EINTR {}
    return waited[1].revents == 0
  }
}
