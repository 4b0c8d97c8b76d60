import Glibc

/// A part of a step that is split into independent jobs: no job writes what another one of the phase reads or writes.
package struct Phase: Sendable {
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
    /// Transposed copies of the weights.
    case renew
    /// A product for its own sake (see `ProductRate`).
    case product
  }

  package let kind: Kind
  /// How many jobs there are; asked by every worker when the phase before is done, with the same answer for each.
  package let jobs: @Sendable () -> Int
  package let run: @Sendable (_ job: Int) -> Void

  package init(_ kind: Kind, jobs: @escaping @Sendable () -> Int, run: @escaping @Sendable (_ job: Int) -> Void) {
    self.kind = kind
    self.jobs = jobs
    self.run = run
  }
}

/// Phases with the counters that workers meet at; made once, run in every step.
package final class PhaseList: Sendable {
  package let phases: [Phase]
  let counters: JobCounters
  let clock: PhaseClock
  #if DEBUG
    let accesses = PhaseAccesses()
  #endif

  package init(_ phases: [Phase]) {
    self.phases = phases
    counters = JobCounters(phases: phases.count)
    clock = PhaseClock(phases: phases.count)
  }

  /// Runs so far. To be asked between runs.
  package var runs: Int { clock.runs }

  /// How long phases of some kinds have taken in all runs together. To be asked between runs.
  package func time(of kinds: Set<Phase.Kind>) -> Duration {
    .nanoseconds(phases.indices.reduce(0) { $0 + (kinds.contains(phases[$1].kind) ? clock.nanoseconds[$1] : 0) })
  }

  /// How long phases of each kind have taken in all runs together, in the order in which they first come. To be asked
  /// between runs.
  package var times: [(kind: Phase.Kind, time: Duration)] {
    var times: [(kind: Phase.Kind, time: Duration)] = []
    for (index, phase) in phases.enumerated() {
      let time = Duration.nanoseconds(clock.nanoseconds[index])
      if let known = times.firstIndex(where: { $0.kind == phase.kind }) {
        times[known].time += time
      } else {
        times.append((phase.kind, time))
      }
    }
    return times
  }
}

/// Adds up how long phases take. Reading the time costs some 30 nanoseconds a phase.
final class PhaseClock: @unchecked Sendable {
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
