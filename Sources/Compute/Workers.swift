/// Worker threads that run phases one after the other, each phase's jobs side by side.
///
/// Waking a thread costs some 20 microseconds, so threads spin from phase to phase, and for a moment from run to run; they
/// sleep where that takes longer, and while the program does something else. Which worker does which job can't matter.
package final class Workers: Sendable {
  /// Threads that were asked for.
  package let count: Int
  /// Threads that can run at one time: to cut work finer than that, or to let threads take turns on a processor while others
  /// wait for them, costs time and brings nothing.
  package let parallelism: Int
  private let team: Team?

  /// - Parameter processors: how many this process may keep busy.
  package init(count: Int, processors: Int = Processors.allowed) {
    precondition(count > 0 && processors > 0)
    self.count = count
    parallelism = min(count, processors)
    team = parallelism > 1 ? Team(size: parallelism) : nil
  }

  deinit { team?.dismiss() }

  /// Runs the phases in order and returns when the last one is done. Allocates nothing that grows with the work.
  package func run(_ list: PhaseList) {
    if let team { return team.run(list) }
    list.clock.start()
    list.forEach { index, phase in
      let jobs = phase.jobs()
      guard jobs > 0 else { return }
      for job in 0..<jobs { list.run(job, of: jobs, phase, index) }
      list.clock.end(phase: index, jobs: jobs)
    }
  }
}
