import Compute

/// Which rows of a minibatch have a target in which cluster, and in what order the clusters' softmaxes are computed.
///
/// Rows stand side by side by cluster at positions of their own, in their order, each cluster's from a multiple of 16 on.
/// Past a bound of memory the clusters' logits go in several rounds, one after the other: a run is what a round has of a
/// cluster. All of that follows from the targets, never from the number of workers.
final class ClusterAssignment: @unchecked Sendable {
  // Unchecked: one job writes, and no other runs meanwhile.

  /// Rows of one cluster whose logits are in memory at the same time.
  struct Run {
    let cluster: Int
    let positions: Range<Int>
    /// Where its memory begins, in floats.
    let offset: Int
    /// Whether it has the first of the cluster's rows.
    let isFirst: Bool

    /// Groups of 16 rows.
    var groups: Int { (positions.count + PanelShape.width - 1) / PanelShape.width }
  }

  /// Some groups of a run.
  struct Job {
    let run: Int
    let groups: Range<Int>
  }

  private let minibatch: Minibatch
  private let layout: ClusterLayout
  /// Floats of memory that 16 rows of each cluster need.
  private let groupFloats: [Int]
  /// What a run is cut into at most.
  private let mostJobs: Int
  /// Floats of memory that the runs of a round share.
  let capacity: Int
  /// Most rounds.
  let rounds: Int
  /// Most positions, a multiple of 16.
  let positions: Int

  /// [rows] classes of the head.
  let headTargets: Buffer<Int32>
  /// [rows] where a row stands; -1 where its target is in no cluster.
  let positionOfRow: Buffer<Int32>
  /// [positions]
  let rowOfPosition: Buffer<Int32>
  /// [positions] tokens of the cluster, counted from its first.
  let targets: Buffer<Int32>
  /// By position.
  private(set) var runs: [Run] = []
  /// By round, then by run.
  private(set) var jobs: [Job] = []
  /// [rounds + 1] where each round's begin.
  private var runStarts: [Int]
  private var jobStarts: [Int]
  /// [clusters] rows of each, and what it was in the minibatch before.
  private var counts: [Int]
  private var countsBefore: [Int]
  /// [clusters] where the next row of each is to stand.
  private var next: [Int]

  private static let width = PanelShape.width

  /// - Parameter groupFloats: floats of memory that 16 rows of each cluster need.
  init(_ layout: ClusterLayout, groupFloats: [Int], _ context: OutputContext) {
    self.layout = layout
    minibatch = context.minibatch
    self.groupFloats = groupFloats
    mostJobs = context.workers * 4
    let rows = minibatch.timeline.capacity.rows
    let groups = (rows + Self.width - 1) / Self.width
    let largest = groupFloats.max() ?? 0
    positions = (groups + min(layout.clusters.count, rows)) * Self.width
    // Every cluster may have a group that isn't full. A round that is full lacks at most one group.
    let most = groups * largest + groupFloats.reduce(0, +)
    // Two groups at least, since a round that is full may lack one.
    let fewest = context.blockRows(of: .max / 2, rowFloats: largest / Self.width + 1) / Self.width * largest
    let bound = context.logitsBound / MemoryLayout<Float>.stride
    capacity = min(most, max(bound, fewest, 2 * largest))
    rounds = most > capacity ? most / (capacity - largest) + 1 : 1
    headTargets = Buffer(count: rows, repeating: -1)
    positionOfRow = Buffer(count: rows, repeating: -1)
    rowOfPosition = Buffer(count: positions, repeating: -1)
    targets = Buffer(count: positions, repeating: -1)
    runStarts = Array(repeating: 0, count: rounds + 1)
    jobStarts = runStarts
    counts = Array(repeating: 0, count: layout.clusters.count)
    countsBefore = counts
    next = counts
    runs.reserveCapacity(layout.clusters.count + rounds)
    jobs.reserveCapacity(positions / Self.width)
  }

  func runs(ofRound round: Int) -> Range<Int> { runStarts[round]..<runStarts[round + 1] }

  func jobs(ofRound round: Int) -> Range<Int> { jobStarts[round]..<jobStarts[round + 1] }

  /// What a round has of a cluster.
  func run(of cluster: Int, round: Int) -> Run? {
    // Runs of a round are in the order of their clusters.
    var (low, high) = (runStarts[round], runStarts[round + 1])
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].cluster < cluster { low = middle + 1 } else { high = middle }
    }
    return low < runStarts[round + 1] && runs[low].cluster == cluster ? runs[low] : nil
  }

  /// Whether the minibatch before had rows of a cluster, and this one has none.
  func hasLeft(_ cluster: Int) -> Bool { countsBefore[cluster] > 0 && counts[cluster] == 0 }

  /// Takes over the minibatch's targets. Cost: O(rows log clusters + clusters); no allocation.
  func assign() {
    for cluster in counts.indices { (countsBefore[cluster], counts[cluster]) = (counts[cluster], 0) }
    for row in 0..<minibatch.rows {
      let cluster = layout.cluster(of: minibatch.targets[row])
      headTargets[row] = cluster.map { Int32(layout.shortlist + $0) } ?? minibatch.targets[row]
      if let cluster { counts[cluster] += 1 }
    }
    var position = 0
    for cluster in counts.indices {
      next[cluster] = position
      position += (counts[cluster] + Self.width - 1) / Self.width * Self.width
    }
    for row in 0..<minibatch.rows {
      guard let cluster = layout.cluster(of: minibatch.targets[row]) else {
        positionOfRow[row] = -1
        continue
      }
      let position = next[cluster]
      next[cluster] += 1
      positionOfRow[row] = Int32(position)
      rowOfPosition[position] = Int32(row)
      targets[position] = minibatch.targets[row] - Int32(layout.clusters[cluster].tokens.lowerBound)
    }
    shareOut()
  }

  /// Fills round after round.
  private func shareOut() {
    runs.removeAll(keepingCapacity: true)
    jobs.removeAll(keepingCapacity: true)
    var (round, offset) = (0, 0)
    func beginRound() {
      round += 1
      (runStarts[round], jobStarts[round], offset) = (runs.count, jobs.count, 0)
    }
    for cluster in counts.indices where counts[cluster] > 0 {
      let first = next[cluster] - counts[cluster]
      var left = first..<next[cluster]
      while !left.isEmpty {
        if offset + groupFloats[cluster] > capacity { beginRound() }
        let groups = (capacity - offset) / groupFloats[cluster]
        let run = Run(
          cluster: cluster, positions: left.prefix(groups * Self.width), offset: offset,
          isFirst: left.lowerBound == first)
        let count = min(mostJobs, (run.groups + 1) / 2)
        for job in 0..<count {
          jobs.append(Job(run: runs.count, groups: share(of: run.groups, job: job, jobs: count)))
        }
        runs.append(run)
        offset += run.groups * groupFloats[cluster]
        left = left.dropFirst(run.positions.count)
      }
    }
    while round < rounds { beginRound() }
  }
}
