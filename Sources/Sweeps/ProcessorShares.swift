/// The processors that trials run on, apart from each other.
package struct ProcessorShares: Sendable {
  private let processors: [Int]
  private let jobs: Int

  /// - Parameters:
  ///   - available: the processors that this process may use, by number.
  ///   - cores: how many of them to use, the first ones; nil: all.
  ///   - jobs: how many trials run at a time.
  package init(available: [Int], cores: Int?, jobs: Int) throws(SweepError) {
    let count = cores ?? available.count
    guard count <= available.count else { throw .tooManyProcessors(count, available: available.count) }
    guard jobs <= count else { throw .tooManyJobs(jobs, processors: count) }
    processors = Array(available.prefix(count))
    self.jobs = jobs
  }

  /// A share for each of the trials that can run at a time when so many are left: every processor in one of them.
  package func shares(ofTrials trials: Int) -> [[Int]] {
    let count = max(1, min(jobs, trials))
    return (0..<count).map { share in
      Array(processors[share * processors.count / count..<(share + 1) * processors.count / count])
    }
  }
}
