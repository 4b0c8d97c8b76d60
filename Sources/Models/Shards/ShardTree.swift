/// The order in which what is computed for each shard of a minibatch is added up: a binary tree over the shards' numbers.
///
/// Of the shards lo ..< hi, those below lo + (the largest power of two below hi - lo) are one child's and the others the other
/// child's; a node is its left child plus its right one. That is to add shards up in order with a binary counter, and then
/// what is in the counter from the right. What there is nothing of is skipped, never added as zero: -0 + 0 is another number.
///
/// The tree depends on how many shards there are, and on nothing else: who adds up which of its nodes can't be seen in the sum.
package struct ShardTree: Sendable {
  /// Neighbouring shards that a node of the tree is of.
  package typealias Node = Range<Int>

  /// All shards.
  package let count: Int

  package init(count: Int) {
    precondition(count > 0, "a minibatch has a shard")
    self.count = count
  }

  /// The two nodes that one of several shards is the sum of; nil for one of a single shard.
  package static func children(of node: Node) -> (left: Node, right: Node)? {
    guard node.count > 1 else { return nil }
    var half = 1
    while 2 * half < node.count { half *= 2 }
    let middle = node.lowerBound + half
    return (node.lowerBound..<middle, middle..<node.upperBound)
  }

  /// The largest nodes that some neighbouring shards are made of, in order: at most twice the tree's depth.
  package func nodes(of shards: Range<Int>) -> [Node] { Self.nodes(of: shards, below: 0..<count) }

  private static func nodes(of shards: Range<Int>, below node: Node) -> [Node] {
    let shared = node.clamped(to: shards)
    if shared.isEmpty { return [] }
    guard shared != node, let (left, right) = children(of: node) else { return [node] }
    return nodes(of: shards, below: left) + nodes(of: shards, below: right)
  }

  /// The sum of what shards have; nil if none has anything.
  ///
  /// - Parameter leaf: what a shard has; nil: nothing.
  package func sum(_ leaf: (_ shard: Int) -> Double?) -> Double? {
    func sum(_ node: Node) -> Double? {
      guard let (left, right) = Self.children(of: node) else { return leaf(node.lowerBound) }
      let sums = (sum(left), sum(right))
      guard let first = sums.0, let second = sums.1 else { return sums.0 ?? sums.1 }
      return first + second
    }
    return sum(0..<count)
  }
}
