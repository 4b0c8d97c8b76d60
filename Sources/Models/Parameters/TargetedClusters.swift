import Compute

/// Which clusters of an output layer in two steps a minibatch has targets of, and what in an arena of parameters is theirs.
///
/// Gradients of clusters without a target are zero, all of them: `Gradients` has memory for them, which a step leaves alone
/// once it is zero, and an optimizer needn't look at it. That follows from the targets of the whole minibatch, whoever
/// computes which of its shards.
package final class TargetedClusters: @unchecked Sendable {
  // Unchecked: one thread or job writes, and no other runs meanwhile.

  /// Floats from an arena's start that are of one cluster's parameters.
  package struct Stretch: Sendable {
    package let floats: Range<Int>
    package let cluster: Int
  }

  /// In the order of memory, those of a cluster that lie side by side as one.
  private let stretches: [Stretch]
  let layout: ClusterLayout
  /// [clusters]
  private let isTargeted: Buffer<Bool>

  /// Nil where the output layer has no clusters. Taggers of several columns have none either.
  init?(_ layout: ParameterLayout) {
    guard case .clusters(let clusters) = layout.output.distribution else { return nil }
    let all = clusters.tails.enumerated().flatMap { cluster, tail in
      let ofRows = [tail.weight, tail.bias].compactMap(\.self).flatMap { layout[$0].stretches(ofRows: tail.rows) }
      let ofProjection = tail.projection.map { layout[$0].stretches(ofRows: 0..<layout[$0].shape[0]) } ?? []
      return (ofRows + ofProjection).map { Stretch(floats: $0, cluster: cluster) }
    }
    stretches = all.sorted { $0.floats.lowerBound < $1.floats.lowerBound }.reduce(into: []) { united, next in
      if let last = united.last, last.cluster == next.cluster, last.floats.upperBound == next.floats.lowerBound {
        united[united.count - 1] = Stretch(
          floats: last.floats.lowerBound..<next.floats.upperBound, cluster: next.cluster)
      } else {
        united.append(next)
      }
    }
    self.layout = clusters.layout
    isTargeted = Buffer(count: clusters.layout.clusters.count, repeating: false)
  }

  /// Those that have anything in a range. Cost: O(log stretches + what there is).
  package func stretches(touching floats: Range<Int>) -> ArraySlice<Stretch> {
    var (low, high) = (0, stretches.count)
    while low < high {
      let middle = (low + high) / 2
      if stretches[middle].floats.upperBound <= floats.lowerBound { low = middle + 1 } else { high = middle }
    }
    return stretches[low...].prefix { $0.floats.lowerBound < floats.upperBound }
  }

  /// Finds the clusters of a minibatch's targets. Cost: O(rows log clusters + clusters); no allocation.
  func find(in minibatch: Minibatch) {
    for cluster in 0..<isTargeted.count { isTargeted[cluster] = false }
    for row in 0..<minibatch.rows {
      if let cluster = layout.cluster(of: minibatch.targets[row]) { isTargeted[cluster] = true }
    }
  }

  /// Whether the last step's minibatch had a target of a cluster.
  package func contains(_ cluster: Int) -> Bool { isTargeted[cluster] }
}
