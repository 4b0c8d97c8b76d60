import CKernels
import Dispatch
import Synchronization

/// The threads behind `Workers`, and what they meet at. Worker 0 is the caller of `run`.
///
/// A run is over when all its jobs are done, never when all workers have arrived: a thread that the system doesn't start, or
/// takes the processor from, is done without. Counters grow over a whole run, so nothing is reset from phase to phase:
///
/// - `done`, one for each worker: jobs that it has finished. A phase is over when their sum is the number of jobs of all phases
///   up to it. A worker tells its number once a phase, when it finds nothing more to do, and after each job that it takes over.
/// - `taken`: jobs that were begun of all phases whose jobs are taken in turn.
/// - `shares`, one for each worker: what is left of its share of a phase's jobs, and which phase that is. A share of another
///   phase has not been begun in this one.
final class Team: @unchecked Sendable {
  // Unchecked: `list` is written by the caller of `run` before it opens the run, and read by those who have joined it; all
  // else is atomic.

  /// Workers, the caller among them.
  let size: Int
  private var list: PhaseList?
  private let done: CounterLines
  private let taken = CounterLines(count: 1)
  private let shares: CounterLines
  private let membership = CounterLines(count: 1)
  /// Workers wait here for the next run, and for the end of a phase or of the run.
  private let (beginnings, ends) = (WaitingRoom(), WaitingRoom())
  private let isDismissed = Atomic(false)

  /// How long a worker looks for the next run before it sleeps: more than a training loop takes from step to step.
  private static let patienceForRun = Duration.milliseconds(1)
  /// How long a worker looks for a phase's end before it sleeps: more than others take for the rest of a job, unless they are
  /// without a processor. Of many workers one is late more often, and to wake all others takes longer; of few, one that
  /// sleeps leaves its processor to the one that has none.
  private let patienceForEnd: Duration
  /// How long a worker looks for a phase's end before it does another one's own jobs that it hasn't begun: more than others
  /// take to find that the phase before is over, unless they are without a processor. Who takes over too soon has the
  /// wrong columns in its cache, and so has the other one afterwards.
  private let patienceForOthers: Duration

  init(size: Int) {
    precondition(size > 1)
    self.size = size
    // As measured with up to sixteen threads.
    let squared = min(size, 16) * min(size, 16)
    patienceForEnd = max(.microseconds(250), .microseconds(16) * squared)
    patienceForOthers = .nanoseconds(750) * squared
    (done, shares) = (CounterLines(count: size), CounterLines(count: size))
    for worker in 1..<size {
      // A queue of its own: it is busy with this block until the team is dismissed.
      DispatchQueue(label: "worker \(worker)").async { [self] in follow(as: worker) }
    }
  }

  /// Lets the threads go. No run may be under way.
  func dismiss() {
    isDismissed.store(true, ordering: .sequentiallyConsistent)
    beginnings.wakeAll()
  }

  // MARK: a run

  func run(_ list: PhaseList) {
    self.list = list
    for worker in 0..<size {
      done[worker].store(0, ordering: .relaxed)
      shares[worker].store(0, ordering: .relaxed)
    }
    taken[0].store(0, ordering: .relaxed)
    let run = Membership(membership[0].load(ordering: .relaxed)).run &+ 1
    membership[0].store(Membership(run: run, isOpen: true, members: 0).bits, ordering: .sequentiallyConsistent)
    beginnings.wakeAll()
    list.clock.start()
    work(list, as: 0, clock: list.clock)
    // Whoever hasn't come by now is not needed; whoever has must be gone before anything changes that jobs are counted by.
    membership[0].wrappingSubtract(Membership.openBit, ordering: .acquiringAndReleasing)
    ends.wait(patience: patienceForEnd) {
      Membership(membership[0].load(ordering: .sequentiallyConsistent)).members == 0
    }
    self.list = nil
  }

  /// What a thread does from its start until the team is dismissed.
  private func follow(as worker: Int) {
    var last = 0
    while true {
      var hasJoined = false
      beginnings.wait(patience: Self.patienceForRun) {
        hasJoined = join(after: &last)
        return hasJoined || isDismissed.load(ordering: .sequentiallyConsistent)
      }
      guard hasJoined else { return }
      if let list { work(list, as: worker, clock: nil) }
      membership[0].wrappingSubtract(1, ordering: .sequentiallyConsistent)
      ends.wakeAll()
    }
  }

  /// Joins the run that is open, if it is another than the last one.
  private func join(after last: inout Int) -> Bool {
    var bits = membership[0].load(ordering: .sequentiallyConsistent)
    while Membership(bits).isOpen, Membership(bits).run != last {
      let (exchanged, original) = membership[0].compareExchange(
        expected: bits, desired: bits + 1, successOrdering: .acquiringAndReleasing,
        failureOrdering: .sequentiallyConsistent)
      if exchanged {
        last = Membership(bits).run
        return true
      }
      bits = original
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
      if phase.taking != .inTurn, JobShare.fits(phase: index + 1, jobs: jobs) {
        while let job = take(.first, of: worker, phase: index + 1, jobs) {
          list.run(job, of: jobs, phase, index)
          counts.done += 1
        }
        tell(counts, as: worker)
        if phase.taking == .near || !WaitingRoom.look(for: patienceForOthers, until: { isOver(counts.jobs) }) {
          for distance in 1..<size {
            while let job = take(.last, of: (worker + distance) % size, phase: index + 1, jobs) {
              list.run(job, of: jobs, phase, index)
              counts.done += 1
              tell(counts, as: worker)
            }
          }
        }
      } else {
        while let job = take(before: counts.taken + jobs) {
          list.run(job - counts.taken, of: jobs, phase, index)
          counts.done += 1
        }
        counts.taken += jobs
        tell(counts, as: worker)
      }
      ends.wait(patience: patienceForEnd) { isOver(counts.jobs) }
      // Whoever did the last job doesn't sleep: it is seen by itself at once.
      ends.wakeAll()
      clock?.end(phase: index, jobs: jobs)
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

  private func tell(_ counts: Counts, as worker: Int) {
    done[worker].store(counts.done, ordering: .sequentiallyConsistent)
  }

  private func isOver(_ jobs: Int) -> Bool {
    var sum = 0
    for worker in 0..<size { sum += done[worker].load(ordering: .sequentiallyConsistent) }
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

  private enum End { case first, last }

  /// The first or the last job that is left of a worker's share of a phase's; nil if there is none, or the phase is over.
  private func take(_ end: End, of worker: Int, phase: Int, _ jobs: Int) -> Int? {
    var bits = shares[worker].load(ordering: .relaxed)
    while true {
      var share = JobShare(bits)
      if share.phase > phase { return nil }
      if share.phase < phase { share = JobShare(of: worker, among: size, phase: phase, jobs: jobs) }
      guard share.start < share.end else { return nil }
      let job = end == .first ? share.start : share.end - 1
      if end == .first { share.start += 1 } else { share.end -= 1 }
      let (exchanged, original) = shares[worker].weakCompareExchange(
        expected: bits, desired: share.bits, ordering: .relaxed)
      if exchanged { return job }
      bits = original
    }
  }
}

/// What is left of a worker's share of a phase's jobs, in one number.
private struct JobShare {
  /// Among the phases of a run, from 1.
  let phase: Int
  var start, end: Int

  /// Those bits that `start` and `end` have each, and the phase.
  private static let (jobBits, phaseBits) = (22, 19)

  static func fits(phase: Int, jobs: Int) -> Bool { phase < 1 << phaseBits && jobs < 1 << jobBits }

  /// One that hasn't been begun: shares are neighbours, and differ by a job at most.
  init(of worker: Int, among size: Int, phase: Int, jobs: Int) {
    func boundary(_ worker: Int) -> Int { (jobs * worker + size - 1) / size }
    (self.phase, start, end) = (phase, boundary(worker), boundary(worker + 1))
  }

  init(_ bits: Int) {
    let mask = 1 << Self.jobBits - 1
    (phase, start, end) = (bits >> (2 * Self.jobBits), bits >> Self.jobBits & mask, bits & mask)
  }

  var bits: Int { phase << (2 * Self.jobBits) | start << Self.jobBits | end }
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
