import Collectives
import Compute

/// The shards of a minibatch, one after the other in one model, and the sums of their gradients. Where several processes train,
/// each has some of the shards, and they exchange their sums.
///
/// Each shard is a run of its own: what jobs are counted by changes between runs only.
final class Shards: Sendable {
  private let tree: ShardTree
  private let whole: Minibatch
  private let model: SequenceModel
  /// Where the model puts a shard's gradient.
  private let leaf: GradientSum
  private let distribution: ShardDistribution
  /// Those that go through this model.
  private let own: Range<Int>
  /// [own shard] from its sequences to its gradient, and the sums that it completes.
  private let lists: [PhaseList]
  /// Those of the gradient of the minibatch.
  private let clusters: TargetedClusters?
  /// Nil where all shards are this process's own.
  private let exchange: RankExchange?
  /// What there is of the nodes that are exchanged.
  private let contents: NodeContents
  private let slices: ArenaSlices
  private let total: Gradients
  /// Carried states: those of the shard in the model, [its most sequences, units], and those of all, [sequences, units].
  let states: [(name: String, own: PanelMatrix, all: OwnedMatrix)]
  /// [shards] in nats.
  private let shardLosses: Buffer<Double>
  /// [rows] of the whole minibatch, in nats; of rows of other processes' shards nothing, see `shareResults`.
  let losses: Buffer<Double>

  /// - Parameters:
  ///   - whole: all sequences.
  ///   - leaf: where the model puts a shard's gradient.
  ///   - total: where that of the minibatch goes.
  ///   - slices: what of that each of the processes has that train together, at most as many as shards.
  init(
    _ tree: ShardTree, of whole: Minibatch, in model: SequenceModel, leaf: Gradients, total: Gradients,
    _ capacity: SequenceModel.Capacity, slices: ArenaSlices
  ) {
    let ranks = slices.ranks
    let distribution = ShardDistribution(shards: tree.count, ranks: ranks.count)
    (self.tree, self.slices, self.total) = (tree, slices, total)
    self.distribution = distribution
    own = distribution.shards(ofRank: ranks.rank)
    self.whole = whole
    self.model = model
    self.leaf = GradientSum(leaf)
    clusters = total.clusters
    states = model.carriedStates.map {
      ($0.name, $0.matrix, OwnedMatrix(rows: capacity.timeline.sequences, columns: $0.matrix.columns))
    }
    shardLosses = Buffer(count: tree.count, repeating: 0)
    losses = Buffer(count: capacity.timeline.rows, repeating: 0)
    let minibatch = model.minibatch
    let gradient = model.gradientPhases().map { $0.only { minibatch.rows > 0 } }
    func makeSum() -> GradientSum { GradientSum(Gradients(total.layout, capacity)) }
    let nodes = distribution.nodes[distribution.nodes(ofRank: ranks.rank)]
    // The sum of the first shards, which may be all, is where the minibatch's is going to be.
    let sums = nodes.indices.map { $0 == nodes.startIndex ? GradientSum(total) : makeSum() }
    var additions = Additions(leaf: self.leaf, shards: own, makeSum: makeSum)
    for (node, sum) in zip(nodes, sums) { additions.add(node, to: sum, depth: 0) }
    lists = additions.phases.map { PhaseList(gradient + $0) }
    contents = NodeContents(distribution, total.clusters)
    exchange =
      ranks.count > 1
      ? RankExchange(slices, distribution, sums: sums, total: total, contents: contents, losses: shardLosses) : nil
  }

  /// What is added to what, once a shard's gradient is there.
  private struct Additions {
    let leaf: GradientSum
    let makeSum: () -> GradientSum
    let shards: Range<Int>
    /// [own shard]
    var phases: [[Phase]]
    /// [depth] sums of right children.
    private var sums: [GradientSum] = []

    init(leaf: GradientSum, shards: Range<Int>, makeSum: @escaping () -> GradientSum) {
      (self.leaf, self.shards, self.makeSum) = (leaf, shards, makeSum)
      phases = Array(repeating: [], count: shards.count)
    }

    /// Puts a node of the tree at some place: its left child goes on there, and its right child is added to it.
    mutating func add(_ node: ShardTree.Node, to sum: GradientSum, depth: Int) {
      guard let (left, right) = ShardTree.children(of: node) else {
        phases[node.lowerBound - shards.lowerBound] += GradientAddition(of: leaf, to: sum, isFirst: true).phases()
        return
      }
      add(left, to: sum, depth: depth)
      var summand = leaf
      if right.count > 1 {
        if depth == sums.count { sums.append(makeSum()) }
        summand = sums[depth]
        add(right, to: summand, depth: depth + 1)
      }
      phases[right.upperBound - 1 - shards.lowerBound] += GradientAddition(of: summand, to: sum).phases()
    }
  }

  // MARK: running

  /// From the whole minibatch to the sum of all shards' gradients.
  func run(by workers: Workers) {
    clusters?.find(in: whole)
    for (list, shard) in zip(lists, own) {
      let sequences = sequences(shard)
      model.minibatch.load(sequences, of: whole)
      leaf.put(isEmpty: sequences.isEmpty)
      for (_, own, all) in states { own.rows(0..<sequences.count).copyRows(from: all.view.rows(sequences)) }
      workers.run(list)
      if sequences.isEmpty { continue }
      keepLosses(shard)
      model.carryState()
      for (_, own, all) in states { all.view.rows(sequences).copyRows(from: own.rows(0..<sequences.count)) }
    }
    guard let exchange else { return }
    contents.find(in: whole) { sequences($0) }
    exchange.run(by: workers)
  }

  /// Gives every process the carried states of all sequences.
  func shareStates() {
    exchange?.share { rank, body in
      let rows = sequences(ofRank: rank)
      for (_, _, all) in states {
        for panel in 0..<all.view.panels {
          body(all.view.pointer(panel: panel, row: rows.lowerBound), rows.count * PanelShape.width)
        }
      }
    }
  }

  /// Gives every process the losses of all rows, and the whole gradient.
  func shareResults() {
    guard let exchange else { return }
    let timeline = whole.timeline
    exchange.share { rank, body in
      for sequence in sequences(ofRank: rank) {
        // A loss is of 64 bits.
        for t in 0..<timeline.length(sequence) { body(losses.base + timeline.row(t, sequence), 2) }
      }
    }
    slices.share(total.values)
  }

  private func sequences(ofRank rank: Int) -> Range<Int> {
    let shards = distribution.shards(ofRank: rank)
    return sequences(shards.lowerBound).lowerBound..<sequences(shards.upperBound - 1).upperBound
  }

  /// The sequences of a shard: neighbours, and each shard has as many as any other, or one more; where a minibatch has few, none.
  private func sequences(_ shard: Int) -> Range<Int> {
    share(of: whole.timeline.sequences, job: shard, jobs: tree.count)
  }

  private func keepLosses(_ shard: Int) {
    shardLosses[shard] = model.lossSum
    guard let places = model.minibatch.timeline.rowsInWhole else { return }
    for row in 0..<model.minibatch.rows { losses[Int(places[row])] = model.loss(row: row) }
  }

  // MARK: results

  /// Of the last minibatch, in nats.
  var lossSum: Double { tree.sum { sequences($0).isEmpty ? nil : shardLosses[$0] } ?? 0 }

  /// What phases of each kind have cost in all steps together.
  var phaseTotals: [PhaseTotal] { PhaseTotal.sums(lists.flatMap(\.totals) + (exchange?.phaseTotals ?? [])) }

  /// How long phases of some kinds have taken in all steps together.
  func time(of kinds: Set<Phase.Kind>) -> Duration { lists.reduce(.zero) { $0 + $1.time(of: kinds) } }
}
