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
  private let dense: DenseExchange
  private let rows: RowExchange
  /// [ranks] words about a step, as many of each: its losses, and how many rows gradients have.
  private let headers: RankWords
  private var time = Duration.zero

  /// - Parameters:
  ///   - sums: of each of this rank's nodes.
  ///   - total: where the sum goes: the memory of the first of these, or another's.
  ///   - contents: what there is of nodes when a run begins.
  ///   - losses: [shards] in nats; those of the rank's own shards are there when a run begins.
  package init(
    _ slices: ArenaSlices, _ distribution: ShardDistribution, sums: [GradientSum], total: Gradients,
    contents: NodeContents, losses: Buffer<Double>
  ) {
    let communicator = slices.ranks
    precondition(communicator.count == distribution.ranks)
    precondition(sums.count == distribution.nodes(ofRank: communicator.rank).count)
    (self.communicator, self.distribution, self.losses) = (communicator, distribution, losses)
    dense = DenseExchange(slices, distribution, sums: sums.map(\.gradients.values), total: total, contents)
    rows = RowExchange(communicator, distribution, sums: sums, total: total)
    headers = RankWords(2 * distribution.mostShards + rows.headerCount, of: communicator)
  }

  package func run(by workers: Workers) {
    let begun = ContinuousClock.now
    exchangeHeaders()
    dense.run(by: workers)
    rows.run(by: workers)
    time += ContinuousClock.now - begun
  }

  private func exchangeHeaders() {
    let (header, rowsStart) = (headers.own, 2 * distribution.mostShards)
    for (place, shard) in distribution.shards(ofRank: communicator.rank).enumerated() {
      let bits = losses[shard].bitPattern
      header[2 * place] = bits.highWord
      header[2 * place + 1] = bits.lowWord
    }
    rows.writeHeader(to: header.extracting(rowsStart...))
    headers.share()
    for rank in headers.ranks {
      let words = headers[rank]
      for (place, shard) in distribution.shards(ofRank: rank).enumerated() {
        losses[shard] = Double(bitPattern: UInt64(high: words[2 * place], low: words[2 * place + 1]))
      }
      rows.readHeader(ofRank: rank, words.extracting(rowsStart...))
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
