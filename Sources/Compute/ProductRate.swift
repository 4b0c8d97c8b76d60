/// What the product kernels reach on this machine when nothing keeps them from it: the limit of every training step.
package enum ProductRate {
  /// Sizes whose matrices stay in a core's second-level cache.
  private static let (rows, length, columns) = (96, 256, 256)

  /// GFLOP/s of all workers together, each on matrices of its own. Takes the given time, and 0.7 MB a worker.
  package static func measure(_ workers: Workers, _ kernels: Kernels, for time: Duration) -> Double {
    let jobs = (0..<workers.parallelism).map { _ in
      (
        OwnedMatrix(rows: rows, columns: length), OwnedMatrix(rows: length, columns: columns),
        OwnedMatrix(rows: rows, columns: columns)
      )
    }
    let repetitions = 20
    let phases = PhaseList([
      Phase(.product, jobs: { jobs.count }) { job in
        for _ in 0..<repetitions {
          kernels.multiply(jobs[job].0.view, jobs[job].1.view, into: jobs[job].2.view, start: .zero)
        }
      }
    ])
    workers.run(phases)
    let clock = ContinuousClock()
    let begin = clock.now
    var (best, runs) = (0.0, 0)
    // The best of many short runs: what others do to the machine meanwhile isn't meant.
    while clock.now - begin < time || runs < 3 {
      let start = clock.now
      workers.run(phases)
      let flop = Double(2 * rows * length * columns * repetitions * jobs.count)
      best = max(best, flop / ((clock.now - start) / .seconds(1)))
      runs += 1
    }
    return best / 1e9
  }
}
