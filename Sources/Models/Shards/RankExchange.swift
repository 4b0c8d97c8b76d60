import Collectives
import Compute

/// Makes of the nodes that each rank has added up the sum of them all: every rank ends with the gradient and the losses that one
/// process comes to, to the bit, since ranks move words, and each addition of floats is one of the tree's.
///
/// It runs between the workers' runs, on the thread that begins them.
package final class RankExchange: @unchecked Sendable {
  // Unchecked: one thread runs it, and the workers' jobs only read what it has written before.

  private let communicator: any Communicator
  private let distribution: ShardDistribution
  private let losses: Buffer<Double>
  /// [nodes] whether any of its shards has sequences.
  private let isPresent: Buffer<Bool>
  private let dense: DenseExchange
  private let rows: RowExchange
  /// Words about a step, as many of each rank: its losses, and how many rows gradients have.
  private let header: Buffer<UInt32>
  /// [ranks]
  private let headers: Buffer<UInt32>
  private let outgoing: [Range<Int>]
  private let incoming: [Range<Int>]
  private var time = Duration.zero

  /// - Parameters:
  ///   - sums: of each of this rank's nodes.
  ///   - total: where the sum goes: the memory of the first of these, or another's.
  ///   - losses: [shards] in nats; those of the rank's own shards are there when a run begins.
  package init(
    _ communicator: any Communicator, _ distribution: ShardDistribution, sums: [GradientSum], total: Gradients,
    losses: Buffer<Double>
  ) {
    precondition(communicator.count == distribution.ranks)
    precondition(sums.count == distribution.nodes(ofRank: communicator.rank).count)
    (self.communicator, self.distribution, self.losses) = (communicator, distribution, losses)
    isPresent = Buffer(count: distribution.nodes.count, repeating: true)
    dense = DenseExchange(
      communicator, distribution, sums: sums.map(\.gradients.values), total: total.values, isPresent: isPresent)
    rows = RowExchange(communicator, distribution, sums: sums, total: total)
    let (rank, ranks) = (communicator.rank, 0..<distribution.ranks)
    let words = 2 * distribution.mostShards + rows.headerCount
    header = Buffer(count: words, repeating: 0)
    headers = Buffer(count: words * ranks.count, repeating: 0)
    outgoing = ranks.map { $0 == rank ? 0..<0 : 0..<words }
    incoming = ranks.map { $0 == rank ? 0..<0 : $0 * words..<($0 + 1) * words }
  }

  /// - Parameter hasRows: whether a shard has sequences.
  package func run(by workers: Workers, hasRows: (_ shard: Int) -> Bool) {
    let begun = ContinuousClock.now
    for (node, shards) in distribution.nodes.enumerated() { isPresent[node] = shards.contains(where: hasRows) }
    exchangeHeaders()
    dense.run(by: workers)
    rows.run(by: workers)
    time += ContinuousClock.now - begun
  }

  private func exchangeHeaders() {
    for (place, shard) in distribution.shards(ofRank: communicator.rank).enumerated() {
      let bits = losses[shard].bitPattern
      header[2 * place] = UInt32(truncatingIfNeeded: bits >> 32)
      header[2 * place + 1] = UInt32(truncatingIfNeeded: bits)
    }
    rows.writeHeader(to: header.base + 2 * distribution.mostShards)
    communicator.exchange(header.base, outgoing, headers.base, incoming)
    (headers.base + communicator.rank * header.count).update(from: header.base, count: header.count)
    for rank in 0..<distribution.ranks {
      let words = headers.base + rank * header.count
      for (place, shard) in distribution.shards(ofRank: rank).enumerated() {
        losses[shard] = Double(bitPattern: UInt64(words[2 * place]) << 32 | UInt64(words[2 * place + 1]))
      }
      rows.readHeader(ofRank: rank, words + 2 * distribution.mostShards)
    }
  }

  /// Gives every rank the rows of some matrices that others have. It allocates: for now and then.
  ///
  /// - Parameter rows: which of them a rank has.
  func share(_ matrices: [PanelMatrix], rows: (_ rank: Int) -> Range<Int>) {
    let (rank, ranks) = (communicator.rank, 0..<distribution.ranks)
    let (sent, received) = (WordBuffer(), WordBuffer())
    let width = PanelShape.width
    /// Calls back with each stretch that a rank has.
    func forEachStretch(of rank: Int, _ body: (FloatPointer, _ count: Int) -> Void) {
      let rows = rows(rank)
      for matrix in matrices {
        for panel in 0..<matrix.panels { body(matrix.pointer(panel: panel, row: rows.lowerBound), rows.count * width) }
      }
    }
    forEachStretch(of: rank) { sent.append($0, count: $1) }
    let panels = matrices.reduce(0) { $0 + $1.panels }
    var incoming: [Range<Int>] = []
    for other in ranks {
      let start = incoming.last?.upperBound ?? 0
      incoming.append(start..<start + (other == rank ? 0 : panels * width * rows(other).count))
    }
    received.resize(to: incoming.last?.upperBound ?? 0)
    communicator.exchange(sent.base, ranks.map { $0 == rank ? 0..<0 : 0..<sent.count }, received.base, incoming)
    for other in ranks where other != rank {
      var next = received.base + 4 * incoming[other].lowerBound
      forEachStretch(of: other) { floats, count in
        UnsafeMutableRawPointer(floats).copyMemory(from: next, byteCount: 4 * count)
        next += 4 * count
      }
    }
  }

  /// What all runs have cost, the time in which words are on their way included.
  var phaseTotals: [PhaseTotal] {
    PhaseTotal.sums(dense.phaseTotals + rows.phaseTotals).map { total in
      var total = total
      total.time = time
      return total
    }
  }
}
