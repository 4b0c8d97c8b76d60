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

  /// Returns when something is over. Whoever may have ended it calls `wakeAll` afterwards.
  ///
  /// - Parameters:
  ///   - patience: how long the thread looks before it sleeps.
  ///   - isOver: asked again and again. What it reads, and what ends it, are sequentially consistent: either the thread sees
  ///     that there is nothing to wait for, or others see that it sleeps.
  func wait(patience: Duration, until isOver: () -> Bool) {
    while !Self.look(for: patience, until: isOver) {
      let before = calls.pointee.load(ordering: .sequentiallyConsistent)
      sleepers[0].wrappingAdd(1, ordering: .sequentiallyConsistent)
      let isLate = isOver()
      if !isLate { cthreads_sleep(calls, before) }
      sleepers[0].wrappingSubtract(1, ordering: .sequentiallyConsistent)
      if isLate { return }
    }
  }

  /// Whether something is over within some time; it is asked at least once. In time and not in looks, since how long a look
  /// takes differs threefold between processors.
  static func look(for patience: Duration, until isOver: () -> Bool) -> Bool {
    var end: ContinuousClock.Instant?
    while true {
      // A microsecond or two: beside it, what it costs to read the clock doesn't count.
      for _ in 0..<64 {
        if isOver() { return true }
        ck_relax()
      }
      let now = ContinuousClock.now
      if now >= end ?? now + patience { return false }
      end = end ?? now + patience
    }
  }

  /// Wakes those who sleep. Cheap where nobody does.
  func wakeAll() {
    guard sleepers[0].load(ordering: .sequentiallyConsistent) > 0 else { return }
    calls.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    cthreads_wake_all(calls)
  }
}
