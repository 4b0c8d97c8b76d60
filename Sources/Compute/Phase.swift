import Glibc

/// A part of a step that is split into independent jobs: no job writes what another one of the phase reads or writes.
///
/// A class, so that workers can call its closures without counting references to them.
package final class Phase: Sendable {
  /// What a phase is part of: profiles add up time by it.
  package enum Kind: String, CaseIterable, Sendable {
    /// The character encoder, forward.
    case characters
    /// Embeddings and the projections of what goes into a layer.
    case input
    /// Through time, layer after layer.
    case forward
    /// Logits, softmax, loss and their gradient.
    case output
    /// Back through time, layer after layer.
    case backward
    /// Back through projections, down to the embeddings.
    case inputGradient = "input gradient"
    /// The character encoder, backward.
    case charactersBackward = "characters back"
    /// Gradients of the weights, summed over rows.
    case reduce
    /// Gradients summed with those of others.
    case exchange
    case norm, update
    /// Means of the parameters.
    case average
    /// Copies of the weights: transposed, or with dropout.
    case renew
    /// A product for its own sake (see `ProductRate`).
    case product
  }

  /// Which worker does which jobs.
  package enum Taking: Sendable {
    /// Whoever is free does the next one: for jobs that get smaller towards the end, and for those that have nothing to do with
    /// any of an earlier phase.
    case inTurn
    /// Each worker does those of its share first, in order, and then the last ones of others': it finds in its cache what it
    /// has left there of phases before whose jobs were in the same order.
    case near
    /// The same, but others' only where they don't come to them for some time: for phases that are so short that whoever does
    /// another's job costs more than it saves.
    case own
  }

  package let kind: Kind
  let taking: Taking
  /// How many jobs there are; asked by every worker when the phase before is done, by some of them late: the answer stays the same
  /// until all phases of a run are done.
  package let jobs: @Sendable () -> Int
  package let run: @Sendable (_ job: Int) -> Void

  package init(
    _ kind: Kind, taking: Taking = .inTurn, jobs: @escaping @Sendable () -> Int,
    run: @escaping @Sendable (_ job: Int) -> Void
  ) {
    self.kind = kind
    self.taking = taking
    self.jobs = jobs
    self.run = run
  }

  /// The same with no jobs unless some condition holds, which is asked as `jobs` is.
  package func only(if condition: @escaping @Sendable () -> Bool) -> Phase {
    let jobs = jobs
    return Phase(kind, taking: taking, jobs: { condition() ? jobs() : 0 }, run: run)
  }
}

/// Phases with the time that they take; made once, run in every step.
package final class PhaseList: Sendable {
  package let phases: [Phase]
  /// The same without owning them: see `forEach`.
  private let references: Buffer<Unmanaged<Phase>>
  let clock: PhaseClock
  #if DEBUG
    let accesses = PhaseAccesses()
  #endif

  package init(_ phases: [Phase]) {
    self.phases = phases
    references = Buffer(phases.map { .passUnretained($0) })
    clock = PhaseClock(phases: phases.count)
  }

  /// Calls back with each phase in order. No reference is counted: workers would wait for each other's cache lines.
  func forEach(_ body: (_ index: Int, _ phase: Phase) -> Void) {
    for index in 0..<references.count { references.base[index]._withUnsafeGuaranteedRef { body(index, $0) } }
  }

  /// Runs one of a phase's jobs.
  func run(_ job: Int, of jobs: Int, _ phase: Phase, _ index: Int) {
    #if DEBUG
      accesses.run(phase, index: index, job: job, of: jobs)
    #else
      phase.run(job)
    #endif
  }

  /// Runs so far. To be asked between runs.
  package var runs: Int { clock.runs }

  /// How long phases of some kinds have taken in all runs together. To be asked between runs.
  package func time(of kinds: Set<Phase.Kind>) -> Duration {
    .nanoseconds(phases.indices.reduce(0) { $0 + (kinds.contains(phases[$1].kind) ? clock.nanoseconds[$1] : 0) })
  }

  /// What phases of each kind have cost in all runs together, in the order in which they first come. To be asked between runs.
  package var totals: [PhaseTotal] {
    PhaseTotal.sums(
      phases.enumerated().map { index, phase in
        let entries = clock.entries[index]
        return PhaseTotal(
          kind: phase.kind, time: .nanoseconds(clock.nanoseconds[index]), phases: entries.phases, jobs: entries.jobs)
      })
  }
}

/// What phases of one kind have cost in some runs.
package struct PhaseTotal: Sendable, Equatable {
  package let kind: Phase.Kind
  package var time = Duration.zero
  /// Those that had jobs: workers wait for each other at the end of each.
  package var phases = 0
  package var jobs = 0

  package init(kind: Phase.Kind, time: Duration = .zero, phases: Int = 0, jobs: Int = 0) {
    (self.kind, self.time, self.phases, self.jobs) = (kind, time, phases, jobs)
  }

  /// Those of each kind together, in the order in which kinds first come.
  package static func sums(_ totals: [PhaseTotal]) -> [PhaseTotal] {
    var sums: [PhaseTotal] = []
    for total in totals {
      let place = sums.firstIndex { $0.kind == total.kind } ?? sums.count
      if place == sums.count { sums.append(PhaseTotal(kind: total.kind)) }
      sums[place].time += total.time
      sums[place].phases += total.phases
      sums[place].jobs += total.jobs
    }
    return sums
  }

  /// What has been added to each kind since some earlier totals.
  package static func differences(_ totals: [PhaseTotal], _ before: [PhaseTotal]) -> [PhaseTotal] {
    totals.map { total in
      guard let old = before.first(where: { $0.kind == total.kind }) else { return total }
      return PhaseTotal(
        kind: total.kind, time: total.time - old.time, phases: total.phases - old.phases, jobs: total.jobs - old.jobs)
    }
  }
}

/// Adds up how long phases take, and their jobs. Reading the time costs some 30 nanoseconds a phase.
final class PhaseClock: @unchecked Sendable {
  // Unchecked: one worker writes in a run, and others read between runs.
  private(set) var nanoseconds: [Int64]
  /// How often each phase had jobs, and how many.
  private(set) var entries: [(phases: Int, jobs: Int)]
  private(set) var runs = 0
  private var last: Int64 = 0

  init(phases: Int) {
    nanoseconds = Array(repeating: 0, count: phases)
    entries = Array(repeating: (0, 0), count: phases)
  }

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  func start() {
    runs += 1
    last = Self.now
  }

  func end(phase: Int, jobs: Int) {
    let now = Self.now
    entries[phase].phases += 1
    entries[phase].jobs += jobs
    nanoseconds[phase] += now - last
    last = now
  }
}
