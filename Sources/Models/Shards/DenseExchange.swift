import Collectives
import Compute

/// Sums of gradients in all rows: each rank gets its slice of all nodes and adds them up. Elsewhere the sum means nothing.
///
/// A rank sends (its nodes) x (floats outside its slice): with one node each about (ranks - 1) / ranks of a gradient.
final class DenseExchange: Sendable {
  private let communicator: any Communicator
  /// Those of the own nodes.
  private let sums: [Arena]
  /// [nodes of others] the own slice of each.
  private let received: Arena
  private let additions: PhaseList
  /// What is sent and received: of the first node of each rank, of the second, and so on.
  private let rounds: [Round]

  private struct Round {
    let outgoing, incoming: [Range<Int>]
  }

  /// Floats that a job adds up.
  private static let block = 4096

  /// - Parameters:
  ///   - sums: of each of the own nodes.
  ///   - isPresent: [nodes] whether there is anything of a node.
  init(
    _ slices: ArenaSlices, _ distribution: ShardDistribution, sums: [Arena], total: Arena, isPresent: Buffer<Bool>
  ) {
    let (communicator, slices) = (slices.ranks, slices.floats)
    let (rank, ranks) = (communicator.rank, 0..<distribution.ranks)
    let slice = slices[rank]
    let own = distribution.nodes(ofRank: rank)
    let received = Arena(count: (distribution.nodes.count - own.count) * slice.count)
    /// Where another rank's node goes.
    func place(_ node: Int) -> Range<Int> {
      let start = (node < own.lowerBound ? node : node - own.count) * slice.count
      return start..<start + slice.count
    }
    rounds = (0..<distribution.mostNodes).map { index in
      Round(
        outgoing: ranks.map { $0 == rank || index >= own.count ? 0..<0 : slices[$0] },
        incoming: ranks.map {
          let nodes = distribution.nodes(ofRank: $0)
          return $0 == rank || index >= nodes.count ? 0..<0 : place(nodes.lowerBound + index)
        })
    }
    // The own slice of each node.
    let operands = Buffer(
      distribution.nodes.indices.map { node in
        NodeFloats(
          base: own.contains(node)
            ? sums[node - own.lowerBound].base + slice.lowerBound : received.base + place(node).lowerBound)
      })
    let block = Self.block
    let phase = Phase(.exchange, jobs: { (slice.count + block - 1) / block }) { job in
      let range = job * block..<min((job + 1) * block, slice.count)
      Self.add(range, of: operands, isPresent, distribution, to: total.base + slice.lowerBound)
    }
    additions = PhaseList([phase])
    (self.communicator, self.sums, self.received) = (communicator, sums, received)
  }

  /// Adds up in the memory of the operands: nobody needs them any more.
  private static func add(
    _ range: Range<Int>, of slices: Buffer<NodeFloats>, _ isPresent: Buffer<Bool>,
    _ distribution: ShardDistribution, to total: FloatPointer
  ) {
    withUnsafeTemporaryAllocation(of: FloatPointer?.self, capacity: slices.count) { operands in
      for node in 0..<slices.count {
        let operand = slices[node].base + range.lowerBound
        operands.initializeElement(at: node, to: isPresent[node] ? operand : nil)
        Watchdog.writes(operand, count: range.count)
      }
      let sum = distribution.additions.withUnsafeBufferPointer { $0.sum(operands, count: range.count) }
      let result = total + range.lowerBound
      Watchdog.writes(result, count: range.count)
      if let sum, sum != result { result.update(from: sum, count: range.count) }
    }
  }

  func run(by workers: Workers) {
    for (index, round) in rounds.enumerated() {
      communicator.exchange(sums[min(index, sums.count - 1)].base, round.outgoing, received.base, round.incoming)
    }
    workers.run(additions)
  }

  /// What adding up has cost.
  var phaseTotals: [PhaseTotal] { additions.totals }
}
