import Collectives
import Compute

/// A model that trains on minibatches in shards: the gradient of a minibatch is the sum over a `ShardTree` of the gradients
/// that the model computes for each shard's sequences alone, as if they were all, but with losses divided by all targets, with
/// the random numbers that rows and sequences of the whole minibatch have, and with the states that its own streams carry on.
///
/// One shard is the minibatch itself, and costs nothing. Of several, one after the other goes through one model, whose memory
/// is that of the largest shard; sums take as many gradients as the tree is deep, and one more. Several processes share the shards
/// out, and each of them ends with its slice of the minibatch's gradient.
package final class ShardedModel: Sendable {
  /// What computes: of a single shard the whole, of several each of them.
  package let model: SequenceModel
  /// What a step begins with: all sequences.
  package let minibatch: Minibatch
  /// What becomes of them: the gradient of the whole minibatch, of several processes the own slice of it; see `shareResults`.
  package let gradients: Gradients
  private let shards: Shards?

  /// One shard.
  ///
  /// - Parameter gradients: the model's.
  package init(_ model: SequenceModel, _ gradients: Gradients) {
    self.model = model
    minibatch = model.minibatch
    self.gradients = gradients
    shards = nil
  }

  /// - Parameters:
  ///   - count: shards, at most as many as a minibatch has sequences.
  ///   - slices: what of the gradient each of the processes has that train together, at most as many as shards; nil: this one
  ///     is alone.
  ///   - makeModel: makes a model for minibatches of some capacity, with gradients; told whether they are shards.
  package init(
    _ parameters: Parameters, _ capacity: SequenceModel.Capacity, shards count: Int,
    slices: ArenaSlices? = nil,
    makeModel: (_ capacity: SequenceModel.Capacity, _ gradients: Gradients, _ isShard: Bool) -> SequenceModel
  ) {
    gradients = Gradients(parameters.layout, capacity)
    guard count > 1 else {
      model = makeModel(capacity, gradients, false)
      minibatch = model.minibatch
      shards = nil
      return
    }
    let leaf = Gradients(parameters.layout, capacity)
    let model = makeModel(capacity.ofShard(among: count), leaf, true)
    // Only shards look at how words are spelled, and sentences read.
    let minibatch = Minibatch(
      capacity, vocabulary: parameters.shape.vocabulary, features: parameters.shape.features,
      outputs: parameters.shape.classesOfOutputs.count)
    self.model = model
    self.minibatch = minibatch
    shards = Shards(
      ShardTree(count: count), of: minibatch, in: model, leaf: leaf, total: gradients, capacity,
      slices: slices ?? ArenaSlices(parameters.layout))
  }

  package var parameters: Parameters { model.parameters }

  /// Says what the coming step is, once its minibatch is there: see `SequenceModel.begin`.
  package func begin(step number: Int) {
    model.begin(step: number, targets: shards == nil ? nil : minibatch.targetCount)
  }

  /// From a minibatch to its gradient, once all shards have run; none where there are several.
  package func gradientPhases() -> [Phase] { shards == nil ? model.gradientPhases() : [] }

  /// Runs the shards of a minibatch, where there are several.
  package func runShards(by workers: Workers) { shards?.run(by: workers) }

  /// What phases of each kind have cost in all runs of shards together.
  package var phaseTotals: [PhaseTotal] { shards?.phaseTotals ?? [] }

  /// How long phases of some kinds have taken in all runs of shards together.
  package func time(of kinds: Set<Phase.Kind>) -> Duration { shards?.time(of: kinds) ?? .zero }

  // MARK: results

  /// The sum of the minibatch's losses in nats: each shard's in the order of its rows, and these over the tree.
  package var lossSum: Double { shards?.lossSum ?? model.lossSum }

  /// The loss of each row of the minibatch in nats; of several output layers the first one's.
  package func loss(row: Int) -> Double { shards?.losses[row] ?? model.loss(row: row) }

  // MARK: state

  /// Whether sequences go on from minibatch to minibatch.
  package var carriesState: Bool { model.carriesState }

  /// Hands states on to the next window; those of shards have been by then.
  package func carryState(to predecessors: [Int32]? = nil) {
    if shards == nil { model.carryState(to: predecessors) }
  }

  /// Gives every process the carried states of all sequences: between steps, and by all of them together.
  package func shareStates() { shards?.shareStates() }

  /// Gives every process the losses of all rows and the gradient of the whole minibatch: likewise, after a step that there is
  /// something to be said of.
  package func shareResults() { shards?.shareResults() }

  /// Begins with the zero state.
  package func resetState() { carriedStates.forEach { $0.matrix.zeroRows() } }

  /// The state that the next window begins with, [B, units] each: see `SequenceModel.carriedStates`. Where several processes
  /// train, that of sequences of others is of an earlier window: see `shareStates`.
  package var carriedStates: [(name: String, matrix: PanelMatrix)] {
    shards?.states.map { ($0.name, $0.all.view) } ?? model.carriedStates
  }
}

extension SequenceModel.Capacity {
  /// What the largest of some shards needs.
  fileprivate func ofShard(among count: Int) -> Self {
    var shard = self
    let sequences = (timeline.sequences + count - 1) / count
    shard.timeline = Timeline.Capacity(
      sequences: sequences, timesteps: timeline.timesteps, rows: min(timeline.rows, sequences * timeline.timesteps))
    shard.readings = readings.map {
      Timeline.Capacity(
        sequences: sequences, timesteps: $0.timesteps, rows: min($0.rows, sequences * $0.timesteps))
    }
    return shard
  }
}
