import CKernels
import CThreads
import Synchronization

/// Where threads wait for what others bring about: for a moment by looking, since most waits are shorter than it takes to wake a
/// thread, and then asleep. Whoever sleeps takes no processor from the thread that it waits for, and gets one sooner
/// afterwards than a thread that has kept its own busy.
final class WaitingRoom: @unchecked Sendable {
  // Unchecked: the memory holds atomics only, and is freed when nobody can reach them any more.
  private let sleepers = CounterLines(count: 1)
  /// What sleepers sleep on: how often they have been woken.
  private let calls: UnsafeMutablePointer<Atomic<UInt32>>

  init() {
    calls = .allocate(capacity: 1)
    calls.initialize(to: Atomic(0))
  }

  deinit { calls.deallocate() }

  /// Looks between two readings of the clock: a microsecond or two, and what a reading costs doesn't count beside it.
  private static let looksAtOnce = 64

  /// Returns when something is over. Whoever may have ended it calls `wakeAll` afterwards.
  ///
  /// - Parameters:
  ///   - patience: how long the thread looks before it sleeps. In time, since how long a look takes differs threefold between
  ///     processors.
  ///   - isOver: asked again and again. What it reads, and what ends it, are sequentially consistent: either the thread sees
  ///     that there is nothing to wait for, or others see that it sleeps.
  func wait(patience: Duration, until isOver: () -> Bool) {
    var deadline: ContinuousClock.Instant?
    while true {
      for _ in 0..<Self.looksAtOnce {
        if isOver() { return }
        ck_relax()
      }
      let now = ContinuousClock.now
      if deadline == nil { deadline = now + patience }
      guard let end = deadline, now >= end else { continue }
      let before = calls.pointee.load(ordering: .sequentiallyConsistent)
      sleepers[0].wrappingAdd(1, ordering: .sequentiallyConsistent)
      let isLate = isOver()
      if !isLate { cthreads_sleep(calls, before) }
      sleepers[0].wrappingSubtract(1, ordering: .sequentiallyConsistent)
      if isLate { return }
      deadline = nil
    }
  }

  /// Wakes those who sleep. Cheap where nobody does.
  func wakeAll() {
    guard sleepers[0].load(ordering: .sequentiallyConsistent) > 0 else { return }
    calls.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    cthreads_wake_all(calls)
  }
}
