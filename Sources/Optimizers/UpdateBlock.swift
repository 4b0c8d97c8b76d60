import Models

/// What one job updates of the parameters that have gradients in all rows, and what it renews then, while it is in the cache.
struct UpdateBlock: Sendable {
  /// From the arena's start.
  let floats: Range<Int>
  /// The cluster of an output layer that all of them are of; nil where they are of several, or of none.
  let cluster: Int?
  /// Of the learning rate.
  let rateShare: Double
  /// What transposed copy there is of the block, which is whole panels then.
  let copied: Parameters.CopiedPanels?

  /// Blocks in the order for workers that have summed the gradients there.
  ///
  /// - Parameters:
  ///   - blocks: what is to be updated, in the order of memory.
  ///   - copied: weights with transposed copies that jobs are to renew.
  ///   - rates: what goes at a share of the learning rate.
  static func all(
    of blocks: [ArenaPart], copied: [Parameters.CopiedPanels], _ rates: RateShares, in layout: ParameterLayout,
    near workers: Int
  ) -> [UpdateBlock] {
    let handles = Set(copied.map(\.parameter))
    precondition(
      handles.allSatisfy { layout[$0].gradientRows == .all }, "a weight that is copied has a gradient in all rows")
    let ranges = handles.map { layout[$0].floats }.sorted { $0.lowerBound < $1.lowerBound }
    let others = blocks.flatMap { block in
      remains(of: block.floats, outside: ranges).flatMap(rates.parts).map {
        UpdateBlock(floats: $0.floats, cluster: block.cluster, rateShare: $0.share, copied: nil)
      }
    }
    let all =
      others
      + copied.map { UpdateBlock(floats: $0.floats, cluster: nil, rateShare: rates[$0.parameter], copied: $0) }
    return layout.arranged(all, near: workers, \.floats)
  }

  /// What of some floats is in none of some ranges, which are in order.
  private static func remains(of floats: Range<Int>, outside ranges: [Range<Int>]) -> [Range<Int>] {
    var (parts, start) = ([Range<Int>](), floats.lowerBound)
    for range in ranges where range.overlaps(floats) {
      if range.lowerBound > start { parts.append(start..<range.lowerBound) }
      start = range.upperBound
    }
    if floats.upperBound > start { parts.append(start..<floats.upperBound) }
    return parts
  }
}
