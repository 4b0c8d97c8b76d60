import Compute
import Datasets
import Models

/// Measures a model that is not trained meanwhile.
package protocol SplitEvaluator {
  /// - Parameter check: called between minibatches; what it throws ends the evaluation.
  func evaluate(_ split: TokenSequence, check: () throws -> Void) throws -> Evaluation
}

extension SplitEvaluator {
  package func evaluate(_ split: TokenSequence) throws -> Evaluation { try evaluate(split) {} }
}

/// Reads text with a language model.
package final class LanguageEvaluator: SplitEvaluator {
  private let model: SequenceModel
  private let streams: Int
  private let unknown: Int32?
  private let workers: Workers
  private let phases: PhaseList

  /// Rows of a minibatch: how many timesteps are read at a time never shows in a result.
  private static let rows = 640

  /// - Parameter unknown: the id of `<unk>`.
  package init(_ parameters: Parameters, streams: Int, unknown: Int32?, workers: Workers) {
    self.streams = streams
    self.unknown = unknown
    self.workers = workers
    model = SequenceModel(
      parameters, streams: streams, timesteps: max(1, Self.rows / streams), gradients: nil, workers: workers.parallelism
    )
    phases = PhaseList(model.forwardPhases() + model.lossPhases())
  }

  /// The loss over a split, cut into streams that each begin with the zero state.
  package func evaluate(_ split: TokenSequence, check: () throws -> Void) throws -> Evaluation {
    let minibatch = model.minibatch
    let batches = try StreamBatches(
      split.tokens, streams: streams, window: minibatch.timeline.capacity.timesteps)
    var result = LanguageEvaluation(streams: streams)
    model.resetState()
    for window in 0..<batches.windowCount {
      try check()
      batches.fill(window: window, inputs: minibatch.inputs.base, targets: minibatch.targets.base)
      minibatch.prepare(timesteps: batches.timesteps(inWindow: window))
      workers.run(phases)
      model.carryState()
      result.nats += model.lossSum
      result.targets += minibatch.targetCount
      for row in 0..<minibatch.rows where minibatch.targets[row] == unknown { result.unknownTargets += 1 }
    }
    return .language(result)
  }
}
