import Collectives
import Compute

/// Gives each rank the parameters that the others have updated in their slices, but for the clusters of an output layer that the
/// minibatch had no target of, where such a step leaves them as they are.
package final class ParameterSharing: @unchecked Sendable {
  // Unchecked: the thread that calls `run` changes `places`.

  private let slices: ArenaSlices
  private let parameters: Arena
  /// Nil where all parameters are updated.
  private let clusters: TargetedClusters?
  /// [ranks] the slices of all.
  private let parts: PackedParts
  private let packed: Arena
  private let pack, unpack: PhaseList
  private var places: RankPlaces

  /// - Parameter clusters: those that are left alone where they have no target; nil: all are updated.
  package init(_ slices: ArenaSlices, _ parameters: Arena, leaving clusters: TargetedClusters?) {
    let parts = PackedParts(Packing(clusters == nil ? [] : slices.floats, clusters))
    let packed = Arena(count: clusters == nil || !slices.areShared ? 0 : slices.floats.reduce(0) { $0 + $1.count })
    let own = clusters == nil ? 0..<0 : parts.packing.jobs(ofStretch: slices.ranks.rank)
    pack = PhaseList([
      Phase(.exchange, jobs: { own.count }) {
        parts.move(job: own.lowerBound + $0, parameters.base, to: packed.base)
      }
    ])
    unpack = PhaseList([
      Phase(.exchange, jobs: { parts.packing.jobs - own.count }) {
        parts.move(job: $0 < own.lowerBound ? $0 : $0 + own.count, to: parameters.base, from: packed.base)
      }
    ])
    (self.slices, self.parameters, self.clusters) = (slices, parameters, clusters)
    (self.parts, self.packed) = (parts, packed)
    places = RankPlaces(slices.floats, of: slices.ranks)
  }

  /// By all ranks together.
  package func run(by workers: Workers) {
    guard slices.areShared else { return }
    if let clusters { parts.choose { $0.map(clusters.contains) ?? true } }
    if clusters == nil || parts.isComplete { return slices.share(parameters) }
    workers.run(pack)
    places.move(to: parts.words)
    places.share(packed.base)
    workers.run(unpack)
  }
}
