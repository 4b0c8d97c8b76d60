import Collectives
import Compute

/// The losses of a text whose streams some processes share out: all of them add them up, in the order in which one process has
/// them.
package final class SharedLosses {
  /// Streams that this process reads; there may be none.
  package let own: Range<Int>
  /// [ranks]
  private let parts: [Range<Int>]
  /// Most of a window.
  private let timesteps: Int
  /// [ranks] [timesteps, streams of the rank] in nats.
  private let losses: Buffer<Double>
  private let places: RankPlaces

  package init(streams: Int, timesteps: Int, ranks: any Communicator) {
    let parts = (0..<ranks.count).map { share(of: streams, job: $0, jobs: ranks.count) }
    (self.parts, self.timesteps, own) = (parts, timesteps, parts[ranks.rank])
    losses = Buffer(count: streams * timesteps, repeating: 0)
    // A loss is of 64 bits.
    places = RankPlaces(parts.map { 2 * timesteps * $0.lowerBound..<2 * timesteps * $0.upperBound }, of: ranks)
  }

  /// The sum of a window's losses, row by row. By all processes together.
  ///
  /// - Parameter loss: of a row of the own streams.
  package func sum(timesteps: Int, _ loss: (_ row: Int) -> Double) -> Double {
    let start = self.timesteps * own.lowerBound
    for row in 0..<timesteps * own.count { losses[start + row] = loss(row) }
    places.share(losses.base)
    var sum = 0.0
    for t in 0..<timesteps {
      for part in parts {
        let row = self.timesteps * part.lowerBound + t * part.count
        for b in 0..<part.count { sum += losses[row + b] }
      }
    }
    return sum
  }
}
