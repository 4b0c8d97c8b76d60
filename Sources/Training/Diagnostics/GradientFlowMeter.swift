import Compute
import Inference
import Models

/// Measures how gradients flow through minibatches.
///
/// For each timestep t the loss at t alone goes back through the network, and the norms of what reaches every state and every
/// use of a weight are added up. That is a forward and a backward pass for each t, since the backward pass overwrites what it
/// came along.
package final class GradientFlowMeter {
  package let model: SequenceModel
  private let workers: Workers
  private let runner: ModelRunner<SequenceModel>
  private let forwardPhases: PhaseList
  private let backwardPhases: PhaseList
  /// [rows, outputs] the gradient of each row's own loss by what the output layer reads.
  private let direct: OwnedMatrix
  private let sums: ContributionSums
  private var states: [NormSums]
  private var weights: [NormSums]
  /// At k = t alone; nil where there is no U.
  private var output: NormSums?
  private var timesteps = 0
  private var sequences = 0

  /// - Parameter carriesState: whether minibatches go on where the one before ended.
  package init(_ parameters: Parameters, _ capacity: SequenceModel.Capacity, carriesState: Bool, workers: Workers) {
    self.workers = workers
    let gradients = Gradients(parameters.layout, capacity)
    model = SequenceModel(
      parameters, capacity, gradients: gradients, workers: workers.parallelism, carriesState: carriesState,
      keepsStateGradients: true)
    runner = ModelRunner(model, model.forwardPhases() + model.outputPhases(), workers: workers)
    forwardPhases = PhaseList(model.forwardPhases())
    backwardPhases = PhaseList(model.backwardPhases())
    direct = OwnedMatrix(rows: capacity.timeline.rows, columns: parameters.shape.outputWidths.columns)
    sums = ContributionSums(of: model, gradients)
    let size = capacity.timeline.timesteps
    states = model.stateGradients.map {
      NormSums($0.name, $0.isHidden ? .hiddenState : .cellState, isReverse: $0.isReverse, size: size)
    }
    weights = sums.contributions.map { contribution in
      let weight = parameters.layout[contribution.weight]
      return NormSums(
        weight.name, weight.role == .inputWeight ? .inputWeight : .recurrentWeight, isReverse: contribution.isReverse,
        size: size)
    }
    output = model.outputWeight.map { NormSums($0.name, .outputWeight, isReverse: false, size: size) }
  }

  /// Adds what flows through a minibatch.
  ///
  /// Cost: forward and backward passes for each timestep, and for each pair (t, k) the product that is its contribution.
  package func addMinibatch(fill: (Minibatch) throws -> Void) rethrows {
    try runner.run(fill: fill) { _ in addFilledMinibatch() }
  }

  private func addFilledMinibatch() {
    let minibatch = model.minibatch
    let (timeline, last) = (minibatch.timeline, minibatch.timesteps)
    direct.view.rows(0..<minibatch.rows).copyRows(from: model.outputGradient)
    // Losses were divided by the number of targets.
    let scale = Double(minibatch.targetCount)
    timesteps = max(timesteps, last)
    sequences += timeline.sequences
    addOutput()
    workers.run(backwardPhases)
    sums.addTraining(workers)
    for t in 0..<last {
      // Timesteps after t of streams change nothing before: they are left out.
      if model.carriesState { minibatch.prepare(timesteps: t + 1) }
      workers.run(forwardPhases)
      let rows = timeline.rows(timestep: t, 0..<timeline.sequences)
      model.outputGradient.zeroRows()
      model.outputGradient.rows(rows).copyRows(from: direct.view.rows(rows))
      workers.run(backwardPhases)
      sums.addExplicit(workers)
      addStates(t, rows: rows, scale: scale)
      addWeights(t, rows: rows, scale: scale)
    }
  }

  /// Products that dL_t/dU may take: with a large vocabulary, those of some sequences.
  private static let outputProducts = 1 << 31

  /// dL_t/dU, which needs no pass back.
  private func addOutput() {
    let minibatch = model.minibatch
    guard let weight = model.outputWeight else { return }
    let sequences = max(1, Self.outputProducts / max(1, weight.elementCount * minibatch.timesteps))
    for t in 0..<minibatch.timesteps {
      for row in minibatch.timeline.rows(timestep: t, 0..<min(sequences, minibatch.timeline.sequences))
      where minibatch.targets[row] != Minibatch.masked {
        output?.add(model.outputContributionNorm(row: row), t, t)
      }
    }
  }

  private func addStates(_ t: Int, rows: Range<Int>, scale: Double) {
    let (timeline, gradients) = (model.minibatch.timeline, model.stateGradients)
    for row in rows where model.minibatch.targets[row] != Minibatch.masked {
      let sequence = Int(timeline.sequenceOfRow[row])
      for k in 0..<timeline.length(sequence) {
        for (index, gradient) in gradients.enumerated() {
          states[index].add(scale * gradient.norm(row: timeline.row(k, sequence)), t, k)
        }
      }
    }
  }

  private func addWeights(_ t: Int, rows: Range<Int>, scale: Double) {
    let targets = model.minibatch.targets
    for (index, contribution) in sums.contributions.enumerated() {
      contribution.forEachNorm { sequence, k, norm in
        guard sequence < rows.count, targets[rows.lowerBound + sequence] != Minibatch.masked else { return }
        weights[index].add(scale * norm, t, k)
      }
    }
  }

  /// The sum of all pairs' contributions by recurrent layers' weights, as PyTorch orders their elements. Cost: O(elements).
  package var summedContributions: [Parameter.Handle: [Float]] { sums.elements }

  /// What all minibatches came to.
  package var flow: GradientFlow {
    let isBidirectional = model.parameters.shape.isBidirectional
    func norms(_ sums: NormSums) -> GradientFlow.Norms {
      sums.norms(timesteps: timesteps, isBidirectional: isBidirectional)
    }
    return GradientFlow(
      timesteps: timesteps, sequences: sequences, states: states.map(norms), weights: weights.map(norms),
      sums: sums.differences,
      output: output.map(norms).map { output in
        GradientFlow.OutputNorms(name: output.name, norms: output.norms.indices.map { output.norms[$0][$0] })
      })
  }
}

/// Norms by t and k, summed over sequences.
private struct NormSums {
  private let name: String
  private let kind: GradientFlow.Kind
  private let isReverse: Bool
  /// Both t and k are below it.
  private let size: Int
  /// [size * size]
  private var sums: [Double]
  private var counts: [Int]

  init(_ name: String, _ kind: GradientFlow.Kind, isReverse: Bool, size: Int) {
    self.name = name
    self.kind = kind
    self.isReverse = isReverse
    self.size = size
    sums = Array(repeating: 0, count: size * size)
    counts = Array(repeating: 0, count: size * size)
  }

  mutating func add(_ norm: Double, _ t: Int, _ k: Int) {
    sums[t * size + k] += norm
    counts[t * size + k] += 1
  }

  func norms(timesteps: Int, isBidirectional: Bool) -> GradientFlow.Norms {
    func mean(_ places: [(t: Int, k: Int)]) -> Double {
      let indices = places.map { $0.t * size + $0.k }
      return indices.reduce(0) { $0 + sums[$1] } / Double(max(1, indices.reduce(0) { $0 + counts[$1] }))
    }
    let all = 0..<timesteps
    let lags = (isBidirectional ? 1 - timesteps : 0)..<max(timesteps, 1)
    return GradientFlow.Norms(
      name: name, kind: kind, isReverse: isReverse, norms: all.map { t in all.map { k in mean([(t, k)]) } },
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
  ) throws -> GradientFlow {
    let meter = GradientFlowMeter(
      parameters.overAllClasses, minibatches.capacity, carriesState: minibatches.carriesState, workers: workers)
    for index in 0..<minibatches.count { try meter.addMinibatch { try minibatches.fill($0, index: index) } }
    return meter.flow
  }
}
