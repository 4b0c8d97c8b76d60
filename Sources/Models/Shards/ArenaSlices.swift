import Collectives
import Compute

/// The parameters that have gradients in all rows, cut into slices of which each rank has one: it sums the gradients there,
/// updates the parameters there, and keeps the moments there, for all others (Rajbhandari et al.: ZeRO, SC 2020, its first
/// stage). What has gradients by rows is everybody's.
///
/// Slices are of whole blocks, since the squares of a block are summed in one order: neither a norm nor an update can show how
/// many ranks there are.
package struct ArenaSlices: Sendable {
  package let ranks: any Communicator
  package let frozen: Set<Parameter.Handle>
  /// Pieces of the arena, of what isn't frozen, whose squares are summed on their own and which are updated as one job.
  package let blocks: [Range<Int>]
  /// Those that this rank updates.
  package let own: Range<Int>
  /// [ranks] floats of each rank's slice; what is frozen goes with its neighbours.
  package let floats: [Range<Int>]
  private let places, blockPlaces: RankPlaces

  /// - Parameters:
  ///   - frozen: parameters that stay as they are.
  ///   - block: floats in a block: always the same in runs, since it decides the order of a sum.
  package init(
    _ layout: ParameterLayout, frozen: Set<Parameter.Handle> = [], ranks: any Communicator = Alone(),
    block: Int = 16_384
  ) {
    let blocks = Self.blocks(of: layout, frozen, block)
    let shares = (0..<ranks.count).map { Compute.share(of: blocks.count, job: $0, jobs: ranks.count) }
    let starts = shares.enumerated().map { rank, share in
      rank == 0 ? 0 : share.lowerBound < blocks.count ? blocks[share.lowerBound].lowerBound : layout.denseCount
    }
    let floats = zip(starts, starts.dropFirst() + [layout.denseCount]).map { $0..<$1 }
    (self.ranks, self.frozen, self.blocks, self.floats) = (ranks, frozen, blocks, floats)
    own = shares[ranks.rank]
    places = RankPlaces(floats, of: ranks)
    // A square is of 64 bits.
    blockPlaces = RankPlaces(shares.map { 2 * $0.lowerBound..<2 * $0.upperBound }, of: ranks)
  }

  private static func blocks(
    of layout: ParameterLayout, _ frozen: Set<Parameter.Handle>, _ block: Int
  ) -> [Range<Int>] {
    var stretches: [Range<Int>] = []
    let dense = layout.parameters.filter { $0.gradientRows == .all && !frozen.contains($0.handle) }
    for parameter in dense.sorted(by: { $0.offset < $1.offset }) {
      let range = parameter.floats
      if let last = stretches.last, last.upperBound == range.lowerBound {
        stretches[stretches.count - 1] = last.lowerBound..<range.upperBound
      } else {
        stretches.append(range)
      }
    }
    return stretches.flatMap { stretch in
      stride(from: stretch.lowerBound, to: stretch.upperBound, by: block).map {
        $0..<min($0 + block, stretch.upperBound)
      }
    }
  }

  /// Whether others have slices too.
  package var areShared: Bool { ranks.count > 1 }

  /// What of a parameter a rank has: all where its gradient is by rows.
  package func floats(of parameter: Parameter, ofRank rank: Int) -> Range<Int> {
    let (all, slice) = (parameter.floats, floats[rank])
    if parameter.gradientRows != .all { return all }
    return all.overlaps(slice) ? all.clamped(to: slice) : all.lowerBound..<all.lowerBound
  }

  // MARK: sharing, by all ranks together

  /// Gives each rank the slices of all.
  ///
  /// - Parameter arena: of the layout, or of the beginning of it that has gradients in all rows.
  package func share(_ arena: Arena) { places.share(arena.base) }

  /// Gives each rank the values of all blocks.
  package func share(_ values: Buffer<Double>) { blockPlaces.share(values.base) }

  /// Brings what others have of a parameter to the first rank's arena of the layout.
  package func bringToFirst(_ parameter: Parameter, in arena: Arena) {
    let none = 0..<0
    let parts = (0..<ranks.count).map { floats(of: parameter, ofRank: $0) }
    ranks.exchange(
      arena.base, parts.indices.map { $0 == 0 && ranks.rank != 0 ? parts[ranks.rank] : none },
      arena.base, parts.indices.map { $0 != 0 && ranks.rank == 0 ? parts[$0] : none })
  }
}
