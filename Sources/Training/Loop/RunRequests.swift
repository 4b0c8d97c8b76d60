import Collectives
import Synchronization

/// What a run is asked to do while it trains: to save a checkpoint, or to save one and stop.
///
/// Requests may come from a signal handler, which only sets a flag; the training loop looks at the flags between steps.
package final class RunRequests: Sendable {
  private let stop = Atomic<Bool>(false)
  private let checkpoint = Atomic<Bool>(false)
  private let signal = Atomic<Int32>(0)
  private let agreedSignal = Atomic<Int32>(0)
  private let deadline: ContinuousClock.Instant?

  /// - Parameter deadline: when the run is to stop of itself; nil: never.
  package init(deadline: ContinuousClock.Instant? = nil) {
    self.deadline = deadline
  }

  /// - Parameter signal: what asks for it; 0: not a signal.
  package func requestStop(by signal: Int32 = 0) {
    self.signal.store(signal, ordering: .relaxed)
    stop.store(true, ordering: .relaxed)
  }

  package func requestCheckpoint() { checkpoint.store(true, ordering: .relaxed) }

  /// Whether the run is to save a checkpoint and stop.
  package var isStopRequested: Bool { isStopUrgent || deadline.map { ContinuousClock.now >= $0 } ?? false }

  /// Whether somebody waits for it to stop, and not only its time is over.
  private var isStopUrgent: Bool { stop.load(ordering: .relaxed) }

  // MARK: of all ranks

  /// What is asked for, of any of the ranks.
  struct Asked: OptionSet {
    let rawValue: UInt32

    static let stop = Asked(rawValue: 1)
    /// Somebody waits for it to stop, and not only its time is over.
    static let urgentStop = Asked(rawValue: 2)
    /// Since it was looked at the last time.
    static let checkpoint = Asked(rawValue: 4)
  }

  /// What has been asked for on some rank: the same on all of them, which look at the same time.
  ///
  /// - Parameter takesCheckpoints: whether requests of checkpoints are taken; otherwise they stay.
  func asked(by ranks: any Communicator, takesCheckpoints: Bool = false) -> Asked {
    var own: Asked = []
    if isStopRequested { own.insert(.stop) }
    if isStopUrgent { own.insert(.urgentStop) }
    if takesCheckpoints, checkpoint.exchange(false, ordering: .relaxed) { own.insert(.checkpoint) }
    guard ranks.count > 1 else { return own }
    let all = ranks.gather([own.rawValue, UInt32(bitPattern: signal.load(ordering: .relaxed))])
    if let signal = all.first(where: { $0[1] != 0 }) {
      agreedSignal.store(Int32(bitPattern: signal[1]), ordering: .relaxed)
    }
    return all.reduce(into: []) { $0.formUnion(Asked(rawValue: $1[0])) }
  }

  /// The signal that another rank was asked to stop by; 0: none.
  package var signalOfRanks: Int32 { agreedSignal.load(ordering: .relaxed) }
}
