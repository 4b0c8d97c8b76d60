import Synchronization

/// What a run is asked to do while it trains: to save a checkpoint, or to save one and stop.
///
/// Requests may come from a signal handler, which only sets a flag; the training loop looks at the flags between steps.
package final class RunRequests: Sendable {
  private let stop = Atomic<Bool>(false)
  private let checkpoint = Atomic<Bool>(false)
  private let deadline: ContinuousClock.Instant?

  /// - Parameter deadline: when the run is to stop of itself; nil: never.
  package init(deadline: ContinuousClock.Instant? = nil) {
    self.deadline = deadline
  }

  package func requestStop() { stop.store(true, ordering: .relaxed) }

  package func requestCheckpoint() { checkpoint.store(true, ordering: .relaxed) }

  /// Whether the run is to save a checkpoint and stop.
  package var isStopRequested: Bool { isStopUrgent || deadline.map { ContinuousClock.now >= $0 } ?? false }

  /// Whether somebody waits for it to stop, and not only its time is over.
  var isStopUrgent: Bool { stop.load(ordering: .relaxed) }

  /// Whether a checkpoint was asked for since the last call.
  func takeCheckpointRequest() -> Bool { checkpoint.exchange(false, ordering: .relaxed) }
}
