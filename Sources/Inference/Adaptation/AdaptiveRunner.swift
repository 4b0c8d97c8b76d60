import Compute
import Datasets
import Diagnostics
import Models

/// How a language model follows the text that it reads; nothing: it stays as it was trained.
package struct Adaptation: Sendable, Equatable {
  package var dynamic: DynamicEvaluation?
  package var cache: NeuralCache?

  package init(dynamic: DynamicEvaluation? = nil, cache: NeuralCache? = nil) {
    self.dynamic = dynamic
    self.cache = cache
  }

  package var isNone: Bool { dynamic == nil && cache == nil }
}

/// Runs a language model over a text for its losses, and follows the text if it is to: a copy of the parameters by dynamic
/// evaluation, the probabilities by a cache.
///
/// What is predicted next is always predicted with what was read before, and nothing else. The model itself is not changed.
package final class AdaptiveRunner {
  private let runner: ModelRunner<SequenceModel>
  private let update: DynamicUpdate?
  private let cache: CacheMemory?

  /// - Parameter capacity: with dynamic evaluation, of minibatches of `segment` timesteps.
  package init(
    _ model: TrainedModel, _ adaptation: Adaptation, _ capacity: SequenceModel.Capacity, workers: Workers
  ) {
    let dynamic = adaptation.dynamic
    let parameters = dynamic == nil ? model.parameters : model.parameters.withWholeLoss
    let gradients = dynamic.map { _ in Gradients(parameters.layout, capacity) }
    let sequenceModel = SequenceModel(
      parameters, capacity, gradients: gradients, workers: workers.parallelism, carriesState: true)
    let update = dynamic.flatMap { settings in gradients.map { DynamicUpdate(settings, parameters, $0) } }
    let cache = adaptation.cache.map { CacheMemory($0, of: sequenceModel) }
    self.update = update
    self.cache = cache
    runner = ModelRunner(
      sequenceModel,
      (update.map { [$0.settlingPhase(of: sequenceModel.minibatch)] } ?? [])
        + sequenceModel.forwardPhases() + sequenceModel.outputPhases() + (cache?.phases() ?? [])
        + sequenceModel.backwardPhases() + sequenceModel.reducePhases() + (update?.phases() ?? []), workers: workers)
  }

  /// Runs over all minibatches of a source in order. What the model has followed so far stays.
  ///
  /// - Parameters:
  ///   - goesOn: whether it begins with the states that the run before ended in, and not with the zero state.
  ///   - check: called before each minibatch; what it throws ends the run.
  ///   - read: gets each minibatch with its index and its losses.
  /// - Throws: `AdaptationError.diverged` if the parameters have run away.
  package func run(
    over minibatches: any MinibatchSource, goesOn: Bool = false, check: () throws -> Void = {},
    read: (Minibatch, _ index: Int, _ loss: (_ row: Int) -> Double) throws -> Void
  ) throws {
    var targets = 0
    try runner.run(over: minibatches, goesOn: goesOn) {
      try check()
      update?.begin()
    } read: { model, index in
      try read(model.minibatch, index) { cache?.loss(row: $0) ?? model.loss(row: $0) }
      targets += model.minibatch.targetCount
      if let update, update.overflowed { throw AdaptationError.diverged(targets: targets) }
    }
  }
}

package enum AdaptationError: DiagnosedError, Equatable {
  /// Parameters that followed the text have become infinite, or no numbers.
  case diverged(targets: Int)

  package var exitCode: ExitCode { .diverged }

  package var description: String {
    switch self {
    case .diverged(let targets):
      "dynamic evaluation diverged: after \(targets) targets a parameter is not finite any more; lower the rate"
    }
  }
}
