import Collectives
import Compute

/// Sums of gradients in all rows: each rank gets its slice of all nodes and adds them up.
///
/// A rank sends (its nodes) x (floats outside its slice): with one node each about (ranks - 1) / ranks of a gradient. It leaves out
/// nodes without sequences, and of an output layer in two steps the clusters that a node has no targets of.
final class DenseExchange: @unchecked Sendable {
  // Unchecked: what changes is written by the thread that calls `run`, between runs of phases.

  private let communicator: any Communicator
  private let distribution: ShardDistribution
  private let contents: NodeContents
  /// Those of the own nodes.
  private let sums: [Arena]
  private let sum: SliceSum
  /// [ranks] the slices of others, of which a node has some parts.
  private let sent: PackedParts
  /// Of a node that lacks some.
  private let packed: Arena
  /// [own nodes]
  private let packs: [PhaseList]
  /// [ranks]
  private var outgoing: [Range<Int>]
  private var incoming: [Range<Int>]

  /// - Parameter sums: of each of the own nodes.
  init(
    _ slices: ArenaSlices, _ distribution: ShardDistribution, sums: [Arena], total: Gradients,
    _ contents: NodeContents
  ) {
    let rank = slices.ranks.rank
    sum = SliceSum(
      slices.floats[rank], distribution, own: distribution.nodes(ofRank: rank), sums: sums, total: total, contents)
    let others = slices.floats.enumerated().map { $0 == rank ? 0..<0 : $1 }
    let sent = PackedParts(Packing(others, total.clusters))
    let packed = Arena(count: total.clusters == nil ? 0 : others.reduce(0) { $0 + $1.count })
    packs = sums.map { node in
      PhaseList([
        Phase(.exchange, jobs: { sent.packing.jobs }) { sent.move(job: $0, node.base, to: packed.base) }
      ])
    }
    outgoing = others.map { _ in 0..<0 }
    incoming = outgoing
    (self.communicator, self.distribution, self.contents) = (slices.ranks, distribution, contents)
    (self.sums, self.sent, self.packed) = (sums, sent, packed)
  }

  func run(by workers: Workers) {
    sum.prepare()
    for round in 0..<distribution.mostNodes {
      let words = pack(round, by: workers)
      for other in incoming.indices { incoming[other] = node(round, ofRank: other).map(sum.words(ofNode:)) ?? 0..<0 }
      communicator.exchange(words, outgoing, sum.received.base, incoming)
    }
    sum.run(by: workers)
  }

  /// A rank's first node, its second, and so on; nil: it has fewer.
  private func node(_ index: Int, ofRank rank: Int) -> Int? {
    let nodes = distribution.nodes(ofRank: rank)
    return index < nodes.count ? nodes.lowerBound + index : nil
  }

  /// Puts together what is sent of an own node.
  ///
  /// - Returns: where it begins.
  private func pack(_ index: Int, by workers: Workers) -> UnsafeRawPointer {
    let node = node(index, ofRank: communicator.rank)
    sent.choose { cluster in node.map { contents.has($0, cluster: cluster) } ?? false }
    let isComplete = sent.isComplete
    for other in outgoing.indices { outgoing[other] = isComplete ? sent.packing.stretches[other] : sent.words[other] }
    let sum = min(index, sums.count - 1)
    if isComplete { return UnsafeRawPointer(sums[sum].base) }
    if outgoing.contains(where: { !$0.isEmpty }) { workers.run(packs[sum]) }
    return UnsafeRawPointer(packed.base)
  }

  /// What packing and adding up have cost.
  var phaseTotals: [PhaseTotal] { packs.flatMap(\.totals) + sum.phaseTotals }
}
