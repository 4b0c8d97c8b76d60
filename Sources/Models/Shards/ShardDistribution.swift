import Compute

/// Which ranks have which shards: neighbours, as many each as can be, and in few nodes of the tree, each of which a rank sends
/// on its own. It changes no bit of any sum.
package struct ShardDistribution: Sendable {
  package let tree: ShardTree
  /// [ranks + 1] the first shard of each.
  private let firsts: [Int]
  /// The largest nodes that are of one rank's shards alone, those of the first rank first, in the order of their shards.
  package let nodes: [ShardTree.Node]
  /// [ranks + 1] the first node of each.
  private let firstNodes: [Int]
  /// What of the tree is above these nodes.
  package let additions: [Addition]

  /// A node that is added to another one, which is the sum from then on.
  package struct Addition: Sendable {
    package let left: Int
    package let right: Int
  }

  /// What a rank may have more of than in the most even distribution.
  private static let tolerance = 1.1

  /// - Parameter shards: at least as many as ranks.
  package init(shards: Int, ranks: Int) {
    precondition(ranks > 0 && shards >= ranks, "each rank has a shard")
    let tree = ShardTree(count: shards)
    // Boundaries at multiples of a power of two cut few nodes.
    var candidates: [[Int]] = []
    var unit = 1
    while unit <= shards {
      let firsts = (0...ranks).map { rank in
        rank == ranks ? shards : min(shards, (2 * rank * shards + ranks * unit) / (2 * ranks * unit) * unit)
      }
      if zip(firsts, firsts.dropFirst()).allSatisfy(<) { candidates.append(firsts) }
      unit *= 2
    }
    func most(_ firsts: [Int], _ measure: (Range<Int>) -> Int) -> Int {
      zip(firsts, firsts.dropFirst()).map { measure($0..<$1) }.max() ?? 0
    }
    let fewest = candidates.map { most($0, \.count) }.min() ?? 0
    let even = candidates.filter { Double(most($0, \.count)) <= Self.tolerance * Double(fewest) }
    firsts = even.min { most($0) { tree.nodes(of: $0).count } < most($1) { tree.nodes(of: $0).count } } ?? []
    self.tree = tree
    let nodesOfRanks = zip(firsts, firsts.dropFirst()).map { tree.nodes(of: $0..<$1) }
    nodes = nodesOfRanks.flatMap(\.self)
    firstNodes = nodesOfRanks.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    additions = Self.additions(above: nodes, in: tree)
  }

  private static func additions(above nodes: [ShardTree.Node], in tree: ShardTree) -> [Addition] {
    var additions: [Addition] = []
    /// Where a node's sum is: in the first one below it.
    func add(_ node: ShardTree.Node) -> Int {
      if let index = nodes.firstIndex(of: node) { return index }
      guard let (left, right) = ShardTree.children(of: node) else {
        preconditionFailure("each shard is in a node of some rank")
      }
      let addition = Addition(left: add(left), right: add(right))
      additions.append(addition)
      return addition.left
    }
    _ = add(0..<tree.count)
    return additions
  }

  package var ranks: Int { firsts.count - 1 }

  package func shards(ofRank rank: Int) -> Range<Int> { firsts[rank]..<firsts[rank + 1] }

  /// Which of the nodes a rank adds up by itself.
  package func nodes(ofRank rank: Int) -> Range<Int> { firstNodes[rank]..<firstNodes[rank + 1] }

  /// Most shards of a rank.
  var mostShards: Int { (0..<ranks).map { shards(ofRank: $0).count }.max() ?? 0 }

  /// Most nodes of a rank.
  package var mostNodes: Int { (0..<ranks).map { nodes(ofRank: $0).count }.max() ?? 0 }
}

/// Where floats of a node are, for jobs that share them.
struct NodeFloats: @unchecked Sendable {
  // Unchecked: see Arena.
  let base: FloatPointer
}

extension UnsafeBufferPointer<ShardDistribution.Addition> {
  /// Adds up some floats of each node, in the memory of those that others are added to.
  ///
  /// - Parameters:
  ///   - operands: [nodes] nil: nothing.
  /// - Returns: where the sum is.
  func sum(_ operands: UnsafeMutableBufferPointer<FloatPointer?>, count: Int) -> FloatPointer? {
    for addition in self {
      guard let addend = operands[addition.right] else { continue }
      if let sum = operands[addition.left] {
        for index in 0..<count { sum[index] += addend[index] }
      } else {
        operands[addition.left] = addend
      }
    }
    return operands.first ?? nil
  }
}
