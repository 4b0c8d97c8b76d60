import Compute
import Datasets
import Foundation
import Models

/// What a model makes of a split.
package struct Evaluation: Sendable, Equatable {
  /// Tokens that were predicted.
  package var targets: Int
  /// Their losses together, in nats.
  package var nats: Double
  /// Targets that are `<unk>`.
  package var unknownTargets: Int
  /// Sequences that the split was read as, side by side.
  package var streams: Int

  package var natsPerTarget: Double { nats / Double(max(targets, 1)) }
  package var perplexity: Double { Self.perplexity(ofLoss: natsPerTarget) }

  /// - Parameter loss: in nats per target.
  package static func perplexity(ofLoss loss: Double) -> Double { exp(loss) }

  /// - Parameter characters: Unicode scalars of the raw text that the targets are; 0 where nobody knows, and then the
  ///   result is not a number.
  package func bitsPerCharacter(characters: Int) -> Double {
    characters > 0 ? nats / log(2) / Double(characters) : .nan
  }
}

/// Reads sequences with a model that is not trained meanwhile.
package final class Evaluator {
  private let model: SequenceModel
  private let streams: Int
  private let workers: Workers
  private let phases: PhaseList

  /// Rows of a minibatch: how many timesteps are read at a time never shows in a result.
  private static let rows = 640

  package init(_ parameters: Parameters, streams: Int, workers: Workers) {
    self.streams = streams
    self.workers = workers
    model = SequenceModel(
      parameters, streams: streams, timesteps: max(1, Self.rows / streams), gradients: nil, workers: workers.count)
    phases = PhaseList(model.forwardPhases() + model.lossPhases())
  }

  /// The loss over a sequence, cut into streams that each begin with the zero state.
  ///
  /// - Parameter unknown: the id of `<unk>`.
  package func evaluate(_ tokens: [Int32], unknown: Int32?) throws(CorpusError) -> Evaluation {
    let minibatch = model.minibatch
    let batches = try StreamBatches(tokens, streams: streams, window: minibatch.timeline.capacity.timesteps)
    var result = Evaluation(targets: 0, nats: 0, unknownTargets: 0, streams: streams)
    model.resetState()
    for window in 0..<batches.windowCount {
      batches.fill(window: window, inputs: minibatch.inputs, targets: minibatch.targets)
      minibatch.prepare(timesteps: batches.timesteps(inWindow: window))
      workers.run(phases)
      model.carryState()
      result.nats += model.lossSum
      result.targets += minibatch.targetCount
      for row in 0..<minibatch.rows where minibatch.targets[row] == unknown { result.unknownTargets += 1 }
    }
    return result
  }
}
