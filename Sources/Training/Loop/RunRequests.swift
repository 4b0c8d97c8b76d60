import Synchronization

/// What a run is asked to do while it trains: to save a checkpoint, or to save one and stop.
///
/// Requests may come from a signal handler, which only sets a flag; the training loop looks at the flags between steps.
package final class RunRequests: Sendable {
  private let stop = Atomic<Bool>(false)
  private let checkpoint = Atomic<Bool>(false)
  private let stopSignal = Atomic<Int32>(0)
  private let agreedSignal = Atomic<Int32>(0)
  private let deadline: ContinuousClock.Instant?

  /// - Parameter deadline: when the run is to stop of itself; nil: never.
  package init(deadline: ContinuousClock.Instant? = nil) {
    self.deadline = deadline
  }

  /// - Parameter signal: what asks for it; 0: not a signal.
  package func requestStop(by signal: Int32 = 0) {
    stopSignal.store(signal, ordering: .relaxed)
    stop.store(true, ordering: .relaxed)
  }

  package func requestCheckpoint() { checkpoint.store(true, ordering: .relaxed) }

  /// Whether the run is to save a checkpoint and stop.
  package var isStopRequested: Bool { isStopUrgent || deadline.map { ContinuousClock.now >= $0 } ?? false }

  /// Whether somebody waits for it to stop, and not only its time is over.
  private var isStopUrgent: Bool { stop.load(ordering: .relaxed) }

  /// What is asked for.
  struct Asked: OptionSet {
    let rawValue: UInt32

    static let stop = Asked(rawValue: 1)
    /// Somebody waits for it to stop, and not only its time is over.
    static let urgentStop = Asked(rawValue: 2)
    /// Since it was looked at the last time.
    static let checkpoint = Asked(rawValue: 4)
  }

  /// - Parameter takesCheckpoints: whether requests of checkpoints are taken; otherwise they stay.
  func asked(takesCheckpoints: Bool) -> Asked {
    var asked: Asked = []
    if isStopRequested { asked.insert(.stop) }
    if isStopUrgent { asked.insert(.urgentStop) }
    if takesCheckpoints, checkpoint.exchange(false, ordering: .relaxed) { asked.insert(.checkpoint) }
    return asked
  }

  /// What this process was asked to stop by; 0: not by a signal.
  var signal: Int32 { stopSignal.load(ordering: .relaxed) }

  /// Says which signal a rank was asked to stop by, maybe another one.
  func agree(on signal: Int32) { agreedSignal.store(signal, ordering: .relaxed) }

  /// The signal that another rank was asked to stop by; 0: none.
  package var signalOfRanks: Int32 { agreedSignal.load(ordering: .relaxed) }
}
