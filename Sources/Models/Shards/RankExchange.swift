import Collectives
import Compute

/// Makes of the nodes that each rank has added up the sum of them all: every rank ends with the losses and its slice of the
/// gradient that one process comes to, and with all of those by rows, to the bit, since ranks move words, and each addition of
/// floats is one of the tree's.
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
  /// [ranks] words about a step, as many of each: its losses, and how many rows gradients have.
  private let headers: Buffer<UInt32>
  private let headerCount: Int
  private let headerPlaces: RankPlaces
  private var time = Duration.zero

  /// - Parameters:
  ///   - sums: of each of this rank's nodes.
  ///   - total: where the sum goes: the memory of the first of these, or another's.
  ///   - losses: [shards] in nats; those of the rank's own shards are there when a run begins.
  package init(
    _ slices: ArenaSlices, _ distribution: ShardDistribution, sums: [GradientSum], total: Gradients,
    losses: Buffer<Double>
  ) {
    let communicator = slices.ranks
    precondition(communicator.count == distribution.ranks)
    precondition(sums.count == distribution.nodes(ofRank: communicator.rank).count)
    (self.communicator, self.distribution, self.losses) = (communicator, distribution, losses)
    isPresent = Buffer(count: distribution.nodes.count, repeating: true)
    dense = DenseExchange(
      slices, distribution, sums: sums.map(\.gradients.values), total: total.values, isPresent: isPresent)
    rows = RowExchange(communicator, distribution, sums: sums, total: total)
    let words = 2 * distribution.mostShards + rows.headerCount
    headerCount = words
    headers = Buffer(count: words * distribution.ranks, repeating: 0)
    headerPlaces = RankPlaces((0..<distribution.ranks).map { $0 * words..<($0 + 1) * words }, of: communicator)
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
    let header = headers.base + communicator.rank * headerCount
    for (place, shard) in distribution.shards(ofRank: communicator.rank).enumerated() {
      let bits = losses[shard].bitPattern
      header[2 * place] = bits.highWord
      header[2 * place + 1] = bits.lowWord
    }
    rows.writeHeader(to: header + 2 * distribution.mostShards)
    headerPlaces.share(headers.base)
    for rank in 0..<distribution.ranks {
      let words = headers.base + rank * headerCount
      for (place, shard) in distribution.shards(ofRank: rank).enumerated() {
        losses[shard] = Double(bitPattern: UInt64(high: words[2 * place], low: words[2 * place + 1]))
      }
      rows.readHeader(ofRank: rank, words + 2 * distribution.mostShards)
    }
  }

  /// Gives every rank what the others have of some memory. It allocates: for now and then.
  ///
  /// - Parameter forEachStretch: calls back with each stretch of words that a rank has, always in one order.
  func share(
    _ forEachStretch: (_ rank: Int, _ body: (UnsafeMutableRawPointer, _ words: Int) -> Void) -> Void
  ) {
    let (rank, ranks) = (communicator.rank, 0..<distribution.ranks)
    let words = WordBuffer()
    var places: [Range<Int>] = []
    for other in ranks {
      let start = words.count
      forEachStretch(other) { words.append($0, count: $1) }
      places.append(start..<words.count)
    }
    RankPlaces(places, of: communicator).share(words.base)
    for other in ranks where other != rank {
      var next = words.base + 4 * places[other].lowerBound
      forEachStretch(other) { memory, count in
        memory.copyMemory(from: next, byteCount: 4 * count)
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
