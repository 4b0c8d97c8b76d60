import Compute

/// A recurrent network that gives a distribution over its classes at every timestep: embedding, layers, output.
///
/// It is a list of phases over one minibatch: each phase one kind of work, cut into jobs that any worker may take. How it
/// is cut depends on `jobs`, what is computed doesn't.
package final class LanguageModel: Sendable {
  package let parameters: Parameters
  package let minibatch: Minibatch
  private let layers: [RecurrentLayer]
  private let input: EmbeddingInput
  private let output: SoftmaxOutput
  private let gradients: Gradients?
  /// Shards of the streams, and the measure for how finely other work is cut.
  private let shards: Int

  /// - Parameters:
  ///   - timesteps: most timesteps of a minibatch.
  ///   - gradients: where to put gradients; nil for a model that is only evaluated.
  ///   - workers: how many threads the work is meant for.
  ///   - logitsBound: bytes of logits past which the output layer takes the minibatch in blocks of rows.
  package init(
    _ parameters: Parameters, streams: Int, timesteps: Int, gradients: Gradients?, workers: Int,
    logitsBound: Int = LanguageModel.logitsBound
  ) {
    self.parameters = parameters
    self.gradients = gradients
    shards = min(workers, streams)
    minibatch = Minibatch(streams: streams, timesteps: timesteps, vocabulary: parameters.shape.vocabulary)
    layers = (0..<parameters.shape.layers).map {
      RecurrentLayer($0, of: parameters, streams: streams, timesteps: timesteps)
    }
    let last = layers[layers.count - 1]
    input = EmbeddingInput(
      of: parameters, minibatch: minibatch, gateColumns: last.gates.columns, training: gradients != nil)
    output = SoftmaxOutput(
      of: parameters, minibatch: minibatch, input: last.output,
      inputGradient: gradients == nil ? nil : last.outputGradient, logitsBound: logitsBound)
  }

  /// The usual bound of the logits in bytes: 64 MiB.
  package static let logitsBound = 64 << 20

  // MARK: phases of a step, in the order in which they run

  /// Hidden states of all layers.
  package func forwardPhases() -> [Phase] {
    let (minibatch, input, layers, shards) = (minibatch, input, layers, shards)
    return layers.enumerated().flatMap { index, layer in
      let projection: Phase
      if index == 0 {
        projection = rowPhase("input", rows: { minibatch.distinctCount }) { input.project(share: $0, into: layer) }
      } else {
        let below = layers[index - 1]
        projection = rowPhase("input", rows: { minibatch.rows }) {
          layer.project(below.output.rows($0), into: layer.gates.rows($0))
        }
      }
      let recurrence = Phase("forward", jobs: { shards }) { job in
        layer.forward(
          streams: share(of: minibatch.streams, job: job, jobs: shards), timesteps: minibatch.timesteps
        ) { rows, gates in
          if index == 0 { input.gather(rows: rows, into: gates) }
        }
      }
      return [projection, recurrence]
    }
  }

  /// Losses, without anything for a way back.
  package func lossPhases() -> [Phase] {
    (0..<output.blockCount).map { block in
      outputPhase("output", block: block) { [output] in output.forward(block: block, groups: $0) }
    }
  }

  /// Losses, their gradients by the hidden states, and the output layer's own gradient.
  package func outputPhases() -> [Phase] {
    guard let gradients else { return lossPhases() }
    let output = output
    let reduction = output.reduction(into: gradients)
    return (0..<output.blockCount).flatMap { block in
      [
        outputPhase("output", block: block) {
          output.forward(block: block, groups: $0)
          output.backward(block: block, groups: $0)
        },
        Phase("reduce", jobs: { output.groups(ofBlock: block) == 0 ? 0 : reduction.count }) { reduction[$0](block) },
      ]
    }
  }

  /// Back through time and layers, down to the gradients of the embeddings.
  package func backwardPhases() -> [Phase] {
    guard let gradients else { return [] }
    let (minibatch, input, layers, shards) = (minibatch, input, layers, shards)
    let embeddingGradient = gradients.view("embedding.weight")
    return layers.indices.reversed().flatMap { index in
      let layer = layers[index]
      let recurrence = Phase("backward", jobs: { shards }) { job in
        layer.backward(
          streams: share(of: minibatch.streams, job: job, jobs: shards), timesteps: minibatch.timesteps)
      }
      if index > 0 {
        let below = layers[index - 1]
        return [
          recurrence,
          rowPhase("input gradient", rows: { minibatch.rows }) {
            layer.projectBack(layer.gateGradients.rows($0), into: below.outputGradient.rows($0))
          },
        ]
      }
      return [
        recurrence,
        Phase("input gradient", jobs: { layer.gateGradients.panels }) { panel in
          input.sumGradients(of: layer, panels: panel..<panel + 1)
        },
        rowPhase("input gradient", rows: { minibatch.distinctCount }) {
          input.projectBack(share: $0, through: layer, into: embeddingGradient)
        },
      ]
    }
  }

  /// The recurrent layers' gradients, each tile summed over all rows (t, b) in order.
  package func reducePhases() -> [Phase] {
    guard let gradients else { return [] }
    let (minibatch, input, layers) = (minibatch, input, layers)
    let jobs = layers.enumerated().flatMap { index, layer in
      layer.reduction(into: gradients, rows: { minibatch.rows }) {
        if index == 0 { return input.distinct }
        let all = 0..<minibatch.rows
        return (layers[index - 1].output.rows(all), layer.gateGradients.rows(all))
      }
    }
    return [Phase("reduce", jobs: { jobs.count }) { jobs[$0]() }]
  }

  /// Makes the embedding's gradient zero again, after the update.
  package func clearPhase() -> Phase {
    let (minibatch, input) = (minibatch, input)
    let embeddingGradient = gradients?.view("embedding.weight")
    return rowPhase("update", rows: { minibatch.distinctCount }) { rows in
      if let embeddingGradient { input.clear(share: rows, of: embeddingGradient) }
    }
  }

  /// A phase over rows, in shares of whole register tiles.
  private func rowPhase(
    _ name: String, rows: @escaping @Sendable () -> Int, _ run: @escaping @Sendable (Range<Int>) -> Void
  ) -> Phase {
    let unit = 12
    let most = shards * 4
    return Phase(name, jobs: { min(most, (rows() + unit - 1) / unit) }) { job in
      let count = rows()
      run(share(of: count, job: job, jobs: min(most, (count + unit - 1) / unit), unit: unit))
    }
  }

  /// A phase over a block's groups of 16 rows, in pairs.
  private func outputPhase(
    _ name: String, block: Int, _ run: @escaping @Sendable (_ groups: Range<Int>) -> Void
  ) -> Phase {
    let (output, most) = (output, shards * 4)
    return Phase(name, jobs: { min(most, (output.groups(ofBlock: block) + 1) / 2) }) { job in
      let groups = output.groups(ofBlock: block)
      run(share(of: groups, job: job, jobs: min(most, (groups + 1) / 2), unit: 2))
    }
  }

  // MARK: results

  /// The sum of the minibatch's losses in nats, in row order.
  package var lossSum: Double { (0..<minibatch.rows).reduce(0) { $0 + output.losses[$1] } }

  /// The loss of each row in nats, row r = t * B + b.
  package func loss(row: Int) -> Double { output.losses[row] }

  /// The logits of one row, after the forward phases.
  package func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) {
    output.logits(row: row, into: result)
  }

  // MARK: state

  /// Hands the last timestep's state to the next window.
  package func carryState() { layers.forEach { $0.carryState(timesteps: minibatch.timesteps) } }

  /// Begins with the zero state.
  package func resetState() { carriedStates.forEach { $0.matrix.zeroRows() } }

  /// The state that the next window begins with, [B, units] each: `h_l0` is the hidden state of the first layer.
  package var carriedStates: [(name: String, matrix: PanelMatrix)] {
    layers.enumerated().flatMap { index, layer in layer.carriedState.map { ("\($0.name)_l\(index)", $0.matrix) } }
  }
}
