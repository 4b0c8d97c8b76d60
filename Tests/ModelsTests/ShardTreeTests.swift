import Models
import Testing

@Suite struct ShardTreeTests {
  /// A binary counter, and what is in it folded from the right, with the numbers of shards as a text.
  private func counted(_ count: Int) -> String {
    var counter: [String] = []
    for shard in 0..<count {
      counter.append("\(shard)")
      var added = shard + 1
      while added.isMultiple(of: 2) {
        let right = counter.removeLast()
        counter.append("(\(counter.removeLast())+\(right))")
        added /= 2
      }
    }
    return counter.dropLast().reversed().reduce(counter.last ?? "") { "(\($1)+\($0))" }
  }

  private func text(_ node: ShardTree.Node) -> String {
    ShardTree.children(of: node).map { "(\(text($0.left))+\(text($0.right)))" } ?? "\(node.lowerBound)"
  }

  @Test(arguments: 1...70)
  func shardsAreAddedUpAsByABinaryCounter(count: Int) {
    #expect(text(0..<count) == counted(count))
  }

  @Test(arguments: 1...17)
  func nodesCoverAnyNeighboursAndAreAsLargeAsCanBe(count: Int) {
    let tree = ShardTree(count: count)
    func all(_ node: ShardTree.Node) -> [ShardTree.Node] {
      [node] + (ShardTree.children(of: node).map { all($0.left) + all($0.right) } ?? [])
    }
    let nodes = all(0..<count)
    for first in 0...count {
      for end in first...count {
        let found = tree.nodes(of: first..<end)
        #expect(found.flatMap { Array($0) } == Array(first..<end))
        #expect(found.allSatisfy(nodes.contains))
        // No two neighbours are the children of one.
        for (left, right) in zip(found, found.dropFirst()) {
          #expect(!nodes.contains(left.lowerBound..<right.upperBound))
        }
      }
    }
  }

  @Test func sumsHaveTheTreesOrder() {
    // Numbers whose sum depends on the order.
    let losses = [1e16, 1, 1, 1, 1, 1]
    let expected = ((losses[0] + losses[1]) + (losses[2] + losses[3])) + (losses[4] + losses[5])
    #expect(ShardTree(count: 6).sum { losses[$0] } == expected)
    #expect(expected != losses.reduce(0, +))
  }

  @Test func whatThereIsNothingOfIsSkipped() {
    let tree = ShardTree(count: 5)
    #expect(tree.sum { _ in nil } == nil)
    #expect(tree.sum { $0 == 3 ? -0.0 : nil }?.sign == .minus)
    #expect(tree.sum { $0 == 1 || $0 == 4 ? Double($0) : nil } == 5)
  }
}
