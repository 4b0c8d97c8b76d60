import Compute

/// What the nodes that ranks add up have anything of: sequences, and targets of an output layer's clusters. Every rank finds it for
/// all nodes, since every rank has the whole minibatch; so nobody has to say what is coming.
///
/// A node without sequences has no gradient, and one without targets of a cluster has zeros there: what a sum of such nodes takes
/// for zero is +0, as in one process.
package final class NodeContents: @unchecked Sendable {
  // Unchecked: the thread that begins runs of phases writes, and jobs read.

  /// Shards of each.
  private let nodes: [ShardTree.Node]
  /// Nil where the output layer has no clusters.
  private let layout: ClusterLayout?
  private let clusters: Int
  /// [nodes] whether any of its shards has sequences.
  private let isPresent: Buffer<Bool>
  /// [nodes, clusters] whether any of these has a target there.
  private let hasTargets: Buffer<Bool>

  package init(_ distribution: ShardDistribution, _ clusters: TargetedClusters?) {
    nodes = distribution.nodes
    layout = clusters?.layout
    self.clusters = layout?.clusters.count ?? 0
    isPresent = Buffer(count: nodes.count, repeating: true)
    hasTargets = Buffer(count: nodes.count * self.clusters, repeating: true)
  }

  /// Takes over a minibatch. Cost: O(rows log clusters + nodes x clusters); no allocation.
  ///
  /// - Parameter sequences: those of a shard.
  func find(in minibatch: Minibatch, sequences: (_ shard: Int) -> Range<Int>) {
    let timeline = minibatch.timeline
    for (node, shards) in nodes.enumerated() {
      put(node, isPresent: shards.contains { !sequences($0).isEmpty }) { _ in false }
      guard let layout else { continue }
      for shard in shards {
        for sequence in sequences(shard) {
          for t in 0..<timeline.length(sequence) {
            guard let cluster = layout.cluster(of: minibatch.targets[timeline.row(t, sequence)]) else { continue }
            hasTargets[node * clusters + cluster] = true
          }
        }
      }
    }
  }

  /// Says what a node has.
  package func put(_ node: Int, isPresent: Bool, hasTargets: (_ cluster: Int) -> Bool) {
    self.isPresent[node] = isPresent
    for cluster in 0..<clusters { self.hasTargets[node * clusters + cluster] = isPresent && hasTargets(cluster) }
  }

  /// Whether a node has sequences.
  func has(_ node: Int) -> Bool { isPresent[node] }

  /// Whether a node's gradient may have something other than zero in floats of a cluster, or of none.
  func has(_ node: Int, cluster: Int?) -> Bool {
    guard let cluster else { return isPresent[node] }
    return hasTargets[node * clusters + cluster]
  }
}
