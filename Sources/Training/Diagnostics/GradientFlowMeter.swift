import Compute
import Inference
import Models

/// Measures how gradients flow through minibatches.
///
/// For each timestep t the loss at t alone goes back through the network, and the norms of what reaches every state are
/// added up. That is a forward and a backward pass for each t, since the backward pass overwrites what it came along.
package final class GradientFlowMeter {
  package let model: SequenceModel
  private let workers: Workers
  private let runner: ModelRunner
  private let forwardPhases: PhaseList
  private let backwardPhases: PhaseList
  /// [rows, outputs] the gradient of each row's own loss by what the output layer reads.
  private let direct: OwnedMatrix
  private var sums: [NormSums] = []
  private var timesteps = 0
  private var sequences = 0

  /// - Parameter carriesState: whether minibatches go on where the one before ended.
  package init(_ parameters: Parameters, _ capacity: SequenceModel.Capacity, carriesState: Bool, workers: Workers) {
    self.workers = workers
    model = SequenceModel(
      parameters, capacity, gradients: Gradients(parameters.layout, capacity), workers: workers.parallelism,
      carriesState: carriesState, keepsStateGradients: true)
    runner = ModelRunner(model, model.forwardPhases() + model.outputPhases(), workers: workers)
    forwardPhases = PhaseList(model.forwardPhases())
    backwardPhases = PhaseList(model.backwardPhases())
    direct = OwnedMatrix(rows: capacity.timeline.rows, columns: parameters.shape.outputWidths.columns)
  }

  /// Adds what flows through a minibatch.
  ///
  /// Cost: forward and backward passes for each timestep.
  package func addMinibatch(fill: (Minibatch) -> Void) { runner.run(fill: fill) { _ in addFilledMinibatch() } }

  private func addFilledMinibatch() {
    let minibatch = model.minibatch
    let (timeline, last) = (minibatch.timeline, minibatch.timesteps)
    direct.view.rows(0..<minibatch.rows).copyRows(from: model.outputGradient)
    // Losses were divided by the number of targets.
    let scale = Double(minibatch.targetCount)
    timesteps = max(timesteps, last)
    sequences += timeline.sequences
    for t in 0..<last {
      // Timesteps after t of streams change nothing before: they are left out.
      if model.carriesState { minibatch.prepare(timesteps: t + 1) }
      workers.run(forwardPhases)
      let rows = timeline.rows(timestep: t, 0..<timeline.sequences)
      model.outputGradient.zeroRows()
      model.outputGradient.rows(rows).copyRows(from: direct.view.rows(rows))
      workers.run(backwardPhases)
      let gradients = model.stateGradients
      if sums.isEmpty { sums = gradients.map { NormSums(name: $0.name, size: timeline.capacity.timesteps) } }
      for row in rows where minibatch.targets[row] != Minibatch.masked {
        let sequence = Int(timeline.sequenceOfRow[row])
        for k in 0..<timeline.length(sequence) {
          for (index, gradient) in gradients.enumerated() {
            sums[index].add(scale * gradient.norm(row: timeline.row(k, sequence)), t, k)
          }
        }
      }
    }
  }

  /// What all minibatches came to.
  package var flow: GradientFlow {
    let isBidirectional = model.parameters.shape.isBidirectional
    return GradientFlow(
      timesteps: timesteps, sequences: sequences,
      states: sums.map { $0.state(timesteps: timesteps, isBidirectional: isBidirectional) })
  }
}

/// Norms by t and k, summed over sequences.
private struct NormSums {
  let name: String
  /// Both t and k are below it.
  private let size: Int
  /// [size * size]
  private var sums: [Double]
  private var counts: [Int]

  init(name: String, size: Int) {
    self.name = name
    self.size = size
    sums = Array(repeating: 0, count: size * size)
    counts = Array(repeating: 0, count: size * size)
  }

  mutating func add(_ norm: Double, _ t: Int, _ k: Int) {
    sums[t * size + k] += norm
    counts[t * size + k] += 1
  }

  func state(timesteps: Int, isBidirectional: Bool) -> GradientFlow.State {
    func mean(_ places: [(t: Int, k: Int)]) -> Double {
      let indices = places.map { $0.t * size + $0.k }
      return indices.reduce(0) { $0 + sums[$1] } / Double(max(1, indices.reduce(0) { $0 + counts[$1] }))
    }
    let all = 0..<timesteps
    let lags = (isBidirectional ? 1 - timesteps : 0)..<max(timesteps, 1)
    return GradientFlow.State(
      name: name, norms: all.map { t in all.map { k in mean([(t, k)]) } },
      curve: lags.map { lag in
        let places = all.filter { all.contains($0 - lag) }.map { (t: $0, k: $0 - lag) }
        return GradientFlow.Point(lag: lag, norm: mean(places))
      })
  }
}

extension Parameters {
  /// The same values for a model whose losses are over all classes; this where they are already.
  fileprivate var overAllClasses: Parameters {
    guard shape.output.samplesLoss else { return self }
    var shape = shape
    // It has the parameters of a sampled softmax.
    shape.output = Softmax()
    let copy = Parameters(shape, kernels: kernels)
    for (own, other) in zip(layout.parameters, copy.layout.parameters) {
      copy.layout.setElements(of: other, in: copy.values, to: layout.elements(of: own, in: values))
    }
    copy.renewTransposedCopies()
    return copy
  }
}

extension GradientFlow {
  /// Measures how gradients flow through all of some minibatches. Nothing is dropped out, and losses are those over all
  /// classes, also of a model that is trained on a sample of them.
  package static func measure(
    _ parameters: Parameters, _ minibatches: any MinibatchSource, workers: Workers
  ) -> GradientFlow {
    let meter = GradientFlowMeter(
      parameters.overAllClasses, minibatches.capacity, carriesState: minibatches.carriesState, workers: workers)
    for index in 0..<minibatches.count { meter.addMinibatch { minibatches.fill($0, index: index) } }
    return meter.flow
  }
}
