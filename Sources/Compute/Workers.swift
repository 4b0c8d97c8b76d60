import CKernels
import Dispatch
import Glibc
import Synchronization

/// A part of a step that is split into independent jobs: no job writes what another one of the phase reads or writes.
package struct Phase: Sendable {
  /// For profiles.
  package let name: String
  /// How many jobs there are; asked by every worker when the phase before is done, with the same answer for each.
  package let jobs: @Sendable () -> Int
  package let run: @Sendable (_ job: Int) -> Void

  package init(_ name: String, jobs: @escaping @Sendable () -> Int, run: @escaping @Sendable (_ job: Int) -> Void) {
    self.name = name
    self.jobs = jobs
    self.run = run
  }
}

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
      phases.counters.work(on: index, jobs: jobs, phase.run)
      phases.counters.wait(for: index, jobs: jobs)
      clock?.end(phase: index)
    }
  }
}

/// Phases with the counters that workers meet at; made once, run in every step.
package final class PhaseList: Sendable {
  package let phases: [Phase]
  fileprivate let counters: JobCounters
  fileprivate let clock: PhaseClock

  package init(_ phases: [Phase]) {
    self.phases = phases
    counters = JobCounters(phases: phases.count)
    clock = PhaseClock(phases: phases.count)
  }

  /// Runs so far. To be asked between runs.
  package var runs: Int { clock.runs }

  /// Nanoseconds that some of the phases have taken in all runs together. To be asked between runs.
  package func nanoseconds(of isMeant: (Phase) -> Bool) -> Int64 {
    phases.indices.reduce(0) { $0 + (isMeant(phases[$1]) ? clock.nanoseconds[$1] : 0) }
  }

  /// How long phases of each name have taken in all runs together, in the order in which they first come. To be asked
  /// between runs.
  package var times: [(name: String, time: Duration)] {
    var times: [(name: String, time: Duration)] = []
    for (index, phase) in phases.enumerated() {
      let time = Duration.nanoseconds(clock.nanoseconds[index])
      if let known = times.firstIndex(where: { $0.name == phase.name }) {
        times[known].time += time
      } else {
        times.append((phase.name, time))
      }
    }
    return times
  }
}

/// Adds up how long phases take. Reading the time costs some 30 nanoseconds a phase.
private final class PhaseClock: @unchecked Sendable {
  // Unchecked: one worker writes in a run, and others read between runs.
  private(set) var nanoseconds: [Int64]
  private(set) var runs = 0
  private var last: Int64 = 0

  init(phases: Int) { nanoseconds = Array(repeating: 0, count: phases) }

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  func start() {
    runs += 1
    last = Self.now
  }

  func end(phase: Int) {
    let now = Self.now
    nanoseconds[phase] += now - last
    last = now
  }
}

/// Two counters for each phase: jobs that were taken, and jobs that are done.
private final class JobCounters: @unchecked Sendable {
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
