import Compute
import Models

/// What runs over minibatches.
package protocol MinibatchModel: Sendable {
  /// The memory of one.
  var minibatch: Minibatch { get }

  /// Says what the coming step of training is, once its minibatch is there.
  func begin(step number: Int)

  /// What there is to run before the phases.
  func runShards(by workers: Workers)

  /// Hands the states at the minibatch's end on to the next one.
  func carryState(to predecessors: [Int32]?)

  /// Begins with the zero state.
  func resetState()
}

extension SequenceModel: MinibatchModel {
  package func begin(step number: Int) { begin(step: number, targets: nil) }

  /// There are none.
  package func runShards(by workers: Workers) {}
}

extension ShardedModel: MinibatchModel {}

/// Runs a model over minibatches, one after the other.
///
/// The order of what a minibatch needs stands here and nowhere else: it is filled; a step of training says which one it is;
/// the phases run; somebody reads what came of them; and the states at its end become those that the next one begins with.
package final class ModelRunner<Model: MinibatchModel>: Sendable {
  package let model: Model
  /// What runs over each minibatch, with the time that it takes.
  package let phases: PhaseList
  private let workers: Workers

  package init(_ model: Model, _ phases: [Phase], workers: Workers) {
    self.model = model
    self.phases = PhaseList(phases)
    self.workers = workers
  }

  /// One for the losses of a model that is not trained meanwhile.
  ///
  /// - Parameters:
  ///   - carriesState: whether a minibatch goes on where the one before ended.
  ///   - predicts: whether predictions are going to be read as well.
  package convenience init(
    _ parameters: Parameters, _ capacity: SequenceModel.Capacity, carriesState: Bool, predicts: Bool = false,
    workers: Workers
  ) where Model == SequenceModel {
    let model = SequenceModel(
      parameters, capacity, gradients: nil, workers: workers.parallelism, carriesState: carriesState, predicts: predicts
    )
    self.init(model, model.forwardPhases() + model.lossPhases(), workers: workers)
  }

  /// Runs over one minibatch.
  ///
  /// - Parameters:
  ///   - step: that of training, counted from 1; nil where nothing is trained.
  ///   - predecessors: the sequences that those of the next minibatch go on from; nil: those at their places.
  ///   - fill: puts the minibatch in.
  ///   - read: gets the results, before the states are carried on.
  package func run<Result>(
    step: Int? = nil, predecessors: [Int32]? = nil, fill: (Minibatch) throws -> Void,
    read: (Model) throws -> Result
  ) rethrows -> Result {
    try fill(model.minibatch)
    if let step { model.begin(step: step) }
    model.runShards(by: workers)
    workers.run(phases)
    defer { model.carryState(to: predecessors) }
    return try read(model)
  }

  /// Runs over all minibatches of a source in order.
  ///
  /// - Parameters:
  ///   - goesOn: whether it begins with the states that the run before ended in, and not with the zero state.
  ///   - check: called before each minibatch; what it throws ends the run.
  ///   - read: gets the results of each minibatch, with its index.
  /// - Throws: what they throw, and what keeps the text from being read.
  package func run(
    over minibatches: any MinibatchSource, goesOn: Bool = false, check: () throws -> Void,
    read: (Model, _ index: Int) throws -> Void
  ) throws {
    if !goesOn { model.resetState() }
    for index in 0..<minibatches.count {
      try check()
      try run(
        predecessors: minibatches.predecessors(after: index), fill: { try minibatches.fill($0, index: index) },
        read: { try read($0, index) })
    }
  }

  /// The same with nothing to check.
  package func run(
    over minibatches: any MinibatchSource, goesOn: Bool = false, read: (Model, _ index: Int) throws -> Void
  ) throws {
    try run(over: minibatches, goesOn: goesOn, check: {}, read: read)
  }
}
