import CKernels
import Dispatch
import Glibc
import Synchronization

/// Worker threads that run phases one after the other, each phase's jobs side by side.
///
/// A list of phases is one `DispatchQueue.concurrentPerform`: waking a thread costs some 20 microseconds, so threads are
/// woken once per list and spin from phase to phase. A worker goes on to the next phase when all jobs of this one are
/// done, never when all workers have arrived: Dispatch may start fewer threads than were asked for, and then those that
/// are there do all the work. Which worker does which job is left to chance and can't matter.
package final class Workers: Sendable {
  /// Threads that were asked for.
  package let count: Int
  /// Threads that can run at one time: to cut work finer than that, or to let threads take turns on a processor while others
  /// wait for them, costs time and brings nothing.
  package let parallelism: Int

  package init(count: Int) {
    precondition(count > 0)
    self.count = count
    parallelism = min(count, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Runs the phases in order and returns when the last one is done. Allocates nothing that grows with the work.
  package func run(_ phases: PhaseList) {
    phases.counters.reset()
    guard parallelism > 1 else { return Self.work(phases, clock: phases.clock) }
    DispatchQueue.concurrentPerform(iterations: parallelism) { index in
      Self.work(phases, clock: index == 0 ? phases.clock : nil)
    }
  }

  /// - Parameter clock: given to one worker: phases end for all of them at the same time.
  private static func work(_ phases: PhaseList, clock: PhaseClock?) {
    clock?.start()
    for (index, phase) in phases.phases.enumerated() {
      let jobs = phase.jobs()
      guard jobs > 0 else { continue }
      #if DEBUG
        phases.counters.work(on: index, jobs: jobs) { phases.accesses.run(phase, index: index, job: $0, of: jobs) }
      #else
        phases.counters.work(on: index, jobs: jobs, phase.run)
      #endif
      phases.counters.wait(for: index, jobs: jobs)
      clock?.end(phase: index)
    }
  }
}

/// Two counters for each phase: jobs that were taken, and jobs that are done.
final class JobCounters: @unchecked Sendable {
  // Unchecked: the memory holds atomics only, and is freed when nobody can reach them any more.
  private typealias Counter = Atomic<Int>
  /// Counters that different workers write at the same time stand in cache lines of their own.
  private static let spacing = 64
  private let memory: UnsafeMutableRawPointer
  private let phases: Int

  init(phases: Int) {
    self.phases = phases
    memory = .allocate(byteCount: max(2 * phases, 1) * Self.spacing, alignment: Self.spacing)
    for index in 0..<2 * phases {
      (memory + index * Self.spacing).bindMemory(to: Counter.self, capacity: 1).initialize(to: Counter(0))
    }
  }

  deinit { memory.deallocate() }

  private func taken(_ phase: Int) -> UnsafeMutablePointer<Counter> {
    (memory + 2 * phase * Self.spacing).assumingMemoryBound(to: Counter.self)
  }

  private func done(_ phase: Int) -> UnsafeMutablePointer<Counter> {
    (memory + (2 * phase + 1) * Self.spacing).assumingMemoryBound(to: Counter.self)
  }

  func reset() {
    for phase in 0..<phases {
      taken(phase).pointee.store(0, ordering: .relaxed)
      done(phase).pointee.store(0, ordering: .relaxed)
    }
  }

  func work(on phase: Int, jobs: Int, _ run: (Int) -> Void) {
    while true {
      let job = taken(phase).pointee.wrappingAdd(1, ordering: .relaxed).oldValue
      guard job < jobs else { return }
      run(job)
      done(phase).pointee.wrappingAdd(1, ordering: .releasing)
    }
  }

  /// Spins for some tens of microseconds, then lets other threads have the processor between looks.
  func wait(for phase: Int, jobs: Int) {
    var looks = 0
    while done(phase).pointee.load(ordering: .acquiring) < jobs {
      looks += 1
      if looks < 2000 { ck_relax() } else { sched_yield() }
    }
  }
}
