import Collectives
import Compute
import ModelTestSupport
import Models

/// Words that a rank has sent so far; none where there is no other.
func wordsSent(_ ranks: any Communicator) -> Int { (ranks as? ThreadCommunicator)?.wordsSent ?? 0 }

/// What the documentation says that a rank sends in a step.
///
/// - Parameter leavesClusters: whether clusters without a target in the minibatch aren't updated.
func expectedWords(
  _ slices: ArenaSlices, _ window: Window, _ layout: ParameterLayout, shards: Int, leavesClusters: Bool
) -> Int {
  let (rank, others) = (slices.ranks.rank, slices.ranks.count - 1)
  let distribution = ShardDistribution(shards: shards, ranks: slices.ranks.count)
  let nodes = distribution.nodes[distribution.nodes(ofRank: rank)]
  let slice = slices.floats[rank]
  let most = (0...others).map { distribution.shards(ofRank: $0).count }.max() ?? 0
  let header = 2 * most + distribution.mostNodes
  // Of each node the rows of embeddings of the tokens that its streams have, and their ids; of the gradients in all rows those
  // of clusters that its streams have targets of.
  let width = layout[layout.embedding].panels.columns.roundedUp(to: 16)
  let clusters = ClusterFloats(layout)
  let sequences = Sentences(window).sequences
  let ofNodes = nodes.reduce(0) { sum, node in
    let tokens = node.flatMap { share(of: sequences.count, job: $0, jobs: shards) }.flatMap { sequences[$0] }
    let gradients =
      clusters.count(in: 0..<layout.denseCount, withTargets: tokens.map(\.target))
      - clusters.count(in: slice, withTargets: tokens.map(\.target))
    return sum + others * Set(tokens.map(\.id)).count * (1 + width) + gradients
  }
  let parameters =
    leavesClusters
    ? clusters.count(in: slice, withTargets: sequences.flatMap { $0.map(\.target) }) : slice.count
  let squaresAndOverflow = 2 * slices.own.count + 1
  return others * (header + parameters + squaresAndOverflow) + ofNodes
}

/// What in an arena is of which cluster of the output layer.
private struct ClusterFloats {
  private let layout: ClusterLayout?
  private let targeted: TargetedClusters?

  init(_ parameters: ParameterLayout) {
    if case .clusters(let clusters) = parameters.output.distribution { layout = clusters.layout } else { layout = nil }
    let smallest = SequenceModel.Capacity(Timeline.Capacity(sequences: 1, timesteps: 1))
    targeted = Gradients(parameters, smallest).clusters
  }

  /// Floats of no cluster, and of those that some targets are of.
  func count(in floats: Range<Int>, withTargets targets: [Int?]) -> Int {
    guard let layout, let targeted else { return floats.count }
    let present = Set(
      targets.compactMap(\.self).compactMap { target in layout.clusters.firstIndex { $0.tokens.contains(target) } })
    let absent = targeted.stretches(touching: floats).filter { !present.contains($0.cluster) }
    return floats.count - absent.reduce(0) { $0 + $1.floats.clamped(to: floats).count }
  }
}

extension Int {
  fileprivate func roundedUp(to unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
