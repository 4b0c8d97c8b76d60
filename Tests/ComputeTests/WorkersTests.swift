import Compute
import Glibc
import Synchronization
import Testing

/// What ran in which order, written by the jobs themselves.
private final class Ledger: @unchecked Sendable {
  // Unchecked: job j of phase p alone writes slot (p, j), and phases are separated by the barrier under test. `round` is
  // written between runs only.
  var round = 0
  let executions = Atomic<Int>(0)
  let faults = Atomic<Int>(0)
  private let slots: UnsafeMutablePointer<Int>
  private let phases: Int
  private let most: Int

  init(phases: Int, most: Int) {
    self.phases = phases
    self.most = most
    slots = .allocate(capacity: phases * most)
    slots.initialize(repeating: 0, count: phases * most)
  }

  deinit { slots.deallocate() }

  /// A different number in every round and phase: none, one, few, many.
  func jobs(_ phase: Int) -> Int { (round * 31 + phase * 17) % 5 == 0 ? 0 : (round * 7 + phase * 13) % (most + 1) }

  /// Every job leaves the round's number; the jobs of the phase before must all have left it, and no other job of this one
  /// may have been here in this round.
  func run(_ phase: Int, _ job: Int) {
    executions.add(1, ordering: .relaxed)
    if job >= jobs(phase) || slots[phase * most + job] == round { faults.add(1, ordering: .relaxed) }
    for earlier in 0..<phase {
      for other in 0..<jobs(earlier) where slots[earlier * most + other] != round { faults.add(1, ordering: .relaxed) }
    }
    slots[phase * most + job] = round
  }
}

@Suite struct WorkersTests {
  /// Phases of all kinds, with as many threads as are asked for, however few processors there are.
  @Test(arguments: [(threads: 1, rounds: 2000), (2, 2000), (3, 1000), (16, 100), (64, 20)])
  func everyJobRunsOnceAndPhasesAreApart(threads: Int, rounds: Int) {
    let workers = Workers(count: threads, processors: threads)
    #expect(workers.count == threads && workers.parallelism == threads)
    let ledger = Ledger(phases: 6, most: 90)
    let phases = PhaseList(
      (0..<6).map { phase in
        Phase(
          .product, taking: [.inTurn, .near, .own][phase % 3], jobs: { ledger.jobs(phase) },
          run: { ledger.run(phase, $0) })
      })
    var expected = 0
    for round in 1...rounds {
      ledger.round = round
      workers.run(phases)
      expected += (0..<6).reduce(0) { $0 + ledger.jobs($1) }
    }
    #expect(ledger.executions.load(ordering: .relaxed) == expected)
    #expect(ledger.faults.load(ordering: .relaxed) == 0)
  }

  /// Where all are as fast, each does its own share, whatever else there is to do in between.
  @Test(arguments: [2, 5]) func nearJobsStayWithTheirWorkers(threads: Int) {
    let (jobs, workers) = (40, Workers(count: threads, processors: threads))
    let places = Buffer(count: 2 * jobs, repeating: pthread_self())
    func phase(_ first: Int) -> Phase {
      Phase(.product, taking: .near, jobs: { jobs }) { job in
        places[first + job] = pthread_self()
        usleep(2000)
      }
    }
    // One that the system wakes late has its last jobs done by others: of some rounds, one has to go without much of that.
    let isNear = (0..<10).contains { _ in
      workers.run(PhaseList([phase(0), phase(jobs)]))
      return (0..<jobs).count { places[$0] == places[jobs + $0] } >= jobs / 2
        && Set((0..<jobs).map { places[jobs + $0] }).count > 1
    }
    #expect(isNear)
  }

  @Test func noMoreThreadsAreBusyThanThereAreProcessors() {
    #expect(Workers(count: 16, processors: 3).parallelism == 3)
    #expect(Workers(count: 2, processors: 3).parallelism == 2)
  }

  /// Job 0 ends only when job 1 is done, which is meant for the same worker: another one has to take it over.
  @Test(.timeLimit(.minutes(1)), arguments: [Phase.Taking.near, .own])
  func whatIsMeantForABusyWorkerIsDoneByAnother(taking: Phase.Taking) {
    let isDone = Atomic(false)
    let list = PhaseList([
      Phase(.product, taking: taking, jobs: { 4 }) { job in
        if job == 1 { isDone.store(true, ordering: .releasing) }
        while job == 0 && !isDone.load(ordering: .acquiring) { sched_yield() }
      }
    ])
    let workers = Workers(count: 2, processors: 2)
    for _ in 0..<20 {
      isDone.store(false, ordering: .relaxed)
      workers.run(list)
      let wasDone = isDone.load(ordering: .relaxed)
      #expect(wasDone)
    }
  }

  /// Job 0 ends only when another worker has begun job 1: one that slept in between has to wake.
  @Test(.timeLimit(.minutes(1))) func sleepingWorkersWake() {
    let begun = Atomic(0)
    let list = PhaseList([
      Phase(.product, taking: .own, jobs: { 2 }) { _ in
        begun.add(1, ordering: .releasing)
        while begun.load(ordering: .acquiring) < 2 { sched_yield() }
      }
    ])
    let workers = Workers(count: 2, processors: 2)
    for microseconds in [0, 30_000, 1_000, 200, 30_000] {
      begun.store(0, ordering: .relaxed)
      usleep(UInt32(microseconds))
      workers.run(list)
    }
    let total = begun.load(ordering: .relaxed)
    #expect(total == 2)
  }

  /// Whoever waits for a job longer than a moment leaves the processor to others.
  @Test(.timeLimit(.minutes(1))) func waitingTakesNoProcessor() {
    let hasBegun = Atomic(false)
    let list = PhaseList([
      Phase(.product, taking: .own, jobs: { 2 }) { job in
        if job == 1 {
          hasBegun.store(true, ordering: .releasing)
          usleep(300_000)
        }
        while job == 0 && !hasBegun.load(ordering: .acquiring) { sched_yield() }
      }
    ])
    let workers = Workers(count: 2, processors: 2)
    workers.run(list)
    func processorTime() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    hasBegun.store(false, ordering: .relaxed)
    let before = processorTime()
    workers.run(list)
    #expect(processorTime() - before < 0.1)
  }

  /// Threads sleep at the ends of phases and of runs, more of them than there are processors to wake on.
  @Test(.timeLimit(.minutes(1)), arguments: [2, 5, 16]) func sleepersAreWokenAtEveryEnd(threads: Int) {
    let workers = Workers(count: threads, processors: threads)
    let runs = Atomic(0)
    let list = PhaseList(
      (0..<4).map { phase in
        Phase(.product, taking: phase % 2 == 0 ? .own : .inTurn, jobs: { threads }) { job in
          let number = runs.add(1, ordering: .relaxed).newValue
          if (number + job) % 5 == 0 { usleep(300) }
        }
      })
    for _ in 0..<100 { workers.run(list) }
    let total = runs.load(ordering: .relaxed)
    #expect(total == 100 * 4 * threads)
  }

  @Test func emptyListsEnd() {
    let workers = Workers(count: 3)
    workers.run(PhaseList([]))
    let runs = Atomic<Int>(0)
    let nothing = Phase(.product, jobs: { 0 }, run: { _ in runs.add(1, ordering: .relaxed) })
    workers.run(PhaseList([nothing, nothing, nothing]))
    #expect(runs.load(ordering: .relaxed) == 0)
  }

  /// One list serves teams of any size, one after the other.
  @Test func listsOutliveTheirWorkers() {
    let runs = Atomic<Int>(0)
    let list = PhaseList([Phase(.product, jobs: { 1000 }, run: { _ in runs.add(1, ordering: .relaxed) })])
    for count in [4, 1, 7] { Workers(count: count).run(list) }
    #expect(runs.load(ordering: .relaxed) == 3000)
  }

  @Test func sharesAreEvenAndCoverEverything() {
    for total in [0, 1, 5, 16, 33, 100, 1000] {
      for jobs in [1, 2, 3, 7, 64] {
        for unit in [1, 16] {
          let parts = (0..<jobs).map { share(of: total, job: $0, jobs: jobs, unit: unit) }
          #expect(parts.first?.lowerBound == 0 && parts.last?.upperBound == total)
          for (part, next) in zip(parts, parts.dropFirst()) { #expect(part.upperBound == next.lowerBound) }
          #expect(parts.allSatisfy { $0.lowerBound % unit == 0 || $0.lowerBound == total })
          let units = parts.map { ($0.count + unit - 1) / unit }
          #expect((units.max() ?? 0) - (units.min() ?? 0) <= 1)
        }
      }
    }
  }

  @Test func costsAreAddedUpByKind() {
    let list = PhaseList(
      [Phase.Kind.forward, .output, .forward, .norm].map { kind in
        Phase(kind, jobs: { kind == .norm ? 0 : 3 }, run: { _ in usleep(200) })
      })
    for _ in 0..<4 { Workers(count: 2).run(list) }
    let totals = list.totals
    #expect(list.runs == 4)
    #expect(totals.map(\.kind) == [.forward, .output, .norm])
    // Each run of a phase sleeps at least once.
    #expect(totals[0].time >= .microseconds(2 * 4 * 200))
    #expect(totals[1].time >= .microseconds(4 * 200))
    #expect(totals[2].time == .zero)
    #expect(totals.map(\.phases) == [8, 4, 0])
    #expect(totals.map(\.jobs) == [24, 12, 0])
  }
}
