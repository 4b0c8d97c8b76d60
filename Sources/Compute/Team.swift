import CKernels
import Dispatch
import Glibc
import Synchronization

/// The threads behind `Workers`, and what they meet at. Worker 0 is the caller of `run`.
///
/// A run is over when all its jobs are done, never when all workers have arrived: a thread that the system doesn't start, or
/// takes the processor from, is done without. Counters grow over a whole run, so nothing is reset from phase to phase:
///
/// - `done`, one for each worker: jobs that it has finished. A phase is over when their sum is the number of jobs of all phases
///   up to it. A worker tells its number once a phase, when it finds nothing more to do.
/// - `taken`: jobs that were begun of all phases whose jobs are taken in turn.
/// - `claims`, one for each job of a phase whose jobs are assigned: the last such phase in which the job was begun.
final class Team: @unchecked Sendable {
  // Unchecked: `list` and `assignedPhases` are written by the caller of `run` before it opens the run, and read by those who
  // have joined it; all else is atomic.

  /// Workers, the caller among them.
  let size: Int
  private var list: PhaseList?
  /// Phases with assigned jobs of all runs before.
  private var assignedPhases = 0
  private let done: CounterLines
  private let taken = CounterLines(count: 1)
  private let claims = CounterLines(count: mostAssignedJobs)
  private let membership = CounterLines(count: 1)
  private let sleepers = CounterLines(count: 1)
  private let wakeUp = DispatchSemaphore(value: 0)
  private let isDismissed = Atomic(false)

  /// Past so many jobs a phase's are taken in turn, whatever it says.
  static let mostAssignedJobs = 1024
  /// Looks at the next run before a worker sleeps: a fraction of a millisecond, more than a training loop takes from step to
  /// step.
  private static let looksBeforeSleep = 5000
  /// Looks at a phase's end before a worker does what is assigned to another one that hasn't begun.
  private static let looksBeforeStealing = 64
  /// Looks at a phase's end before a worker lets other threads have the processor in between.
  private static let looksBeforeYield = 2000

  init(size: Int) {
    precondition(size > 1)
    self.size = size
    done = CounterLines(count: size)
    for worker in 1..<size {
      // A queue of its own: it is busy with this block until the team is dismissed.
      DispatchQueue(label: "worker \(worker)").async { [self] in follow(as: worker) }
    }
  }

  /// Lets the threads go. No run may be under way.
  func dismiss() {
    isDismissed.store(true, ordering: .sequentiallyConsistent)
    for _ in 1..<size { wakeUp.signal() }
  }

  // MARK: a run

  func run(_ list: PhaseList) {
    self.list = list
    for worker in 0..<size { done[worker].store(0, ordering: .relaxed) }
    taken[0].store(0, ordering: .relaxed)
    let run = Membership(membership[0].load(ordering: .relaxed)).run &+ 1
    membership[0].store(Membership(run: run, isOpen: true, members: 0).bits, ordering: .sequentiallyConsistent)
    for _ in 0..<sleepers[0].exchange(0, ordering: .sequentiallyConsistent) { wakeUp.signal() }
    list.clock.start()
    work(list, as: 0, clock: list.clock)
    // Whoever hasn't come by now is not needed; whoever has must be gone before anything changes that jobs are counted by.
    membership[0].wrappingSubtract(Membership.openBit, ordering: .acquiringAndReleasing)
    var looks = 0
    while Membership(membership[0].load(ordering: .acquiring)).members > 0 { Self.pause(&looks) }
    assignedPhases += list.phases.count
    self.list = nil
  }

  /// What a thread does from its start until the team is dismissed.
  private func follow(as worker: Int) {
    var last = 0
    while true {
      var looks = 0
      while !join(after: &last) {
        if isDismissed.load(ordering: .acquiring) { return }
        looks += 1
        if looks < Self.looksBeforeSleep { ck_relax() } else if sleep(unless: last) { looks = 0 }
      }
      if let list { work(list, as: worker, clock: nil) }
      membership[0].wrappingSubtract(1, ordering: .releasing)
    }
  }

  /// Joins the run that is open, if it is another than the last one.
  private func join(after last: inout Int) -> Bool {
    let bits = membership[0].load(ordering: .acquiring)
    let found = Membership(bits)
    guard found.isOpen, found.run != last,
      membership[0].compareExchange(expected: bits, desired: bits + 1, ordering: .acquiringAndReleasing).exchanged
    else { return false }
    last = found.run
    return true
  }

  /// Sleeps until there is a run, unless one has opened meanwhile.
  private func sleep(unless last: Int) -> Bool {
    sleepers[0].wrappingAdd(1, ordering: .sequentiallyConsistent)
    let found = Membership(membership[0].load(ordering: .sequentiallyConsistent))
    let isNeeded = found.isOpen && found.run != last || isDismissed.load(ordering: .sequentiallyConsistent)
    // Who has been counted is going to be woken.
    if isNeeded && forgetSleeper() { return false }
    wakeUp.wait()
    return true
  }

  private func forgetSleeper() -> Bool {
    var count = sleepers[0].load(ordering: .relaxed)
    while count > 0 {
      let (exchanged, original) = sleepers[0].compareExchange(
        expected: count, desired: count - 1, ordering: .sequentiallyConsistent)
      if exchanged { return true }
      count = original
    }
    return false
  }

  // MARK: phases

  /// - Parameter clock: given to one worker: phases end for all of them at the same time.
  private func work(_ list: PhaseList, as worker: Int, clock: PhaseClock?) {
    var counts = Counts()
    list.forEach { index, phase in
      let jobs = phase.jobs()
      guard jobs > 0 else { return }
      counts.jobs += jobs
      if phase.isAssigned && jobs <= Self.mostAssignedJobs {
        let number = assignedPhases + index + 1
        for job in stride(from: worker, to: jobs, by: size) where claim(job, in: number) {
          list.run(job, of: jobs, phase, index)
          counts.done += 1
        }
        done[worker].store(counts.done, ordering: .releasing)
        var looks = 0
        while !isOver(counts.jobs) {
          if looks == Self.looksBeforeStealing {
            for job in 0..<jobs where claim(job, in: number) {
              list.run(job, of: jobs, phase, index)
              counts.done += 1
            }
            done[worker].store(counts.done, ordering: .releasing)
          }
          Self.pause(&looks)
        }
      } else {
        while let job = take(before: counts.taken + jobs) {
          list.run(job - counts.taken, of: jobs, phase, index)
          counts.done += 1
        }
        counts.taken += jobs
        done[worker].store(counts.done, ordering: .releasing)
        var looks = 0
        while !isOver(counts.jobs) { Self.pause(&looks) }
      }
      clock?.end(phase: index)
    }
  }

  /// What a worker knows of a run so far.
  private struct Counts {
    /// Of all phases, this one among them.
    var jobs = 0
    /// Of all phases before whose jobs were taken in turn.
    var taken = 0
    /// By this worker.
    var done = 0
  }

  private func isOver(_ jobs: Int) -> Bool {
    var sum = 0
    for worker in 0..<size { sum += done[worker].load(ordering: .acquiring) }
    return sum >= jobs
  }

  /// The next job to be taken in turn, if it is one of those that are before an end.
  private func take(before end: Int) -> Int? {
    var next = taken[0].load(ordering: .relaxed)
    while next < end {
      let (exchanged, original) = taken[0].weakCompareExchange(expected: next, desired: next + 1, ordering: .relaxed)
      if exchanged { return next }
      next = original
    }
    return nil
  }

  /// Whether nobody had begun an assigned job yet.
  private func claim(_ job: Int, in phase: Int) -> Bool {
    var last = claims[job].load(ordering: .relaxed)
    while last < phase {
      let (exchanged, original) = claims[job].compareExchange(expected: last, desired: phase, ordering: .relaxed)
      if exchanged { return true }
      last = original
    }
    return false
  }

  private static func pause(_ looks: inout Int) {
    looks += 1
    if looks < looksBeforeYield { ck_relax() } else { sched_yield() }
  }
}

/// Which run there is, and who takes part, in one number.
private struct Membership {
  var run: Int
  var isOpen: Bool
  /// Workers that have joined and not left, without the caller.
  var members: Int

  static let openBit = 1 << 12

  init(run: Int, isOpen: Bool, members: Int) { (self.run, self.isOpen, self.members) = (run, isOpen, members) }

  init(_ bits: Int) {
    self.init(run: bits >> 13, isOpen: bits & Self.openBit != 0, members: bits & (Self.openBit - 1))
  }

  var bits: Int { run << 13 | (isOpen ? Self.openBit : 0) | members }
}

/// Counters that different workers write at the same time, each in cache lines of its own.
private struct CounterLines: @unchecked Sendable {
  // Unchecked: the memory holds atomics only, and is freed when nobody can reach them any more.
  private let memory: Memory
  /// Processors fetch lines in pairs.
  private static let spacing = 128

  private final class Memory {
    let base: UnsafeMutableRawPointer

    init(count: Int) {
      base = .allocate(byteCount: count * spacing, alignment: spacing)
      for index in 0..<count {
        (base + index * spacing).bindMemory(to: Atomic<Int>.self, capacity: 1).initialize(to: Atomic(0))
      }
    }

    deinit { base.deallocate() }
  }

  init(count: Int) { memory = Memory(count: count) }

  subscript(index: Int) -> Atomic<Int> {
    unsafeAddress { UnsafePointer((memory.base + index * Self.spacing).assumingMemoryBound(to: Atomic<Int>.self)) }
  }
}
