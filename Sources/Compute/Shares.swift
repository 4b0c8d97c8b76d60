/// A job's share of `total` things in whole units: parts differ by at most one unit.
package func share(of total: Int, job: Int, jobs: Int, unit: Int = 1) -> Range<Int> {
  let units = (total + unit - 1) / unit
  return min(units * job / jobs * unit, total)..<min(units * (job + 1) / jobs * unit, total)
}

/// Jobs in the order in which workers take them that are to find in their caches what they have had of the same memory before:
/// see `Phase.Taking.near`. Those whose places are in one worker's share stay in the order in which they were.
///
/// - Parameter place: where in its matrix a job begins, from 0 to 1.
package func arranged<Job>(_ jobs: [Job], near workers: Int, place: (Job) -> Double) -> [Job] {
  let shares = jobs.map { min(Int(place($0) * Double(workers)), workers - 1) }
  return (0..<workers).flatMap { worker in jobs.indices.filter { shares[$0] == worker }.map { jobs[$0] } }
}

/// Shares of things in whole units that get smaller and smaller: workers take large ones first, which costs least, and end
/// together on small ones, whatever slows some of them down.
///
/// Each share is an even part of two thirds of what is left: guided self-scheduling, Polychronopoulos and Kuck (1987). Where
/// less than a unit a worker is left, shares may be finer: a unit's cost is what workers would wait for at the end.
package struct GuidedShares {
  private let total: Int
  private let workers: Int
  private let unit: Int
  private let finest: Int

  /// - Parameters:
  ///   - unit: what shares are whole numbers of.
  ///   - finest: what the last ones are whole numbers of; nil: units.
  package init(of total: Int, workers: Int, unit: Int, finest: Int? = nil) {
    precondition(workers > 0 && unit > 0 && finest ?? unit > 0)
    self.total = total
    self.workers = workers
    self.unit = unit
    self.finest = finest ?? unit
  }

  /// How many shares there are. Cost: this number.
  package var count: Int {
    var (count, end) = (0, 0)
    while end < total { (count, end) = (count + 1, next(after: end)) }
    return count
  }

  /// Cost: the number of shares before.
  package subscript(job: Int) -> Range<Int> {
    var start = 0
    for _ in 0..<job { start = next(after: start) }
    return start..<next(after: start)
  }

  /// Where the share ends that begins somewhere.
  private func next(after start: Int) -> Int {
    let left = total - start
    if left <= workers * unit { return min(start + parts(left, of: finest, shares: workers) * finest, total) }
    let units = (left + unit - 1) / unit
    return min(start + (2 * units + 3 * workers - 1) / (3 * workers) * unit, total)
  }

  /// An even part of so many things, in whole parts of some size.
  private func parts(_ things: Int, of size: Int, shares: Int) -> Int {
    ((things + size - 1) / size + shares - 1) / shares
  }
}
