import Compute
import Foundation

/// The output layer in two steps (see `ClusterLayout`): most rows need only the head and the few tokens of their target's
/// cluster, so that a step costs a fraction of one softmax over all tokens.
///
/// Rows are gathered by the cluster of their target, so that each cluster's softmax is one over rows side by side; what
/// goes back into the hidden states is added to what the head gives back.
final class ClusteredOutput: OutputLayer {
  private let layout: ClusterLayout
  private let handles: ClusteredParameters
  private let classes: Int
  private let minibatch: Minibatch
  private let targetShare: TargetShare
  private let kernels: Kernels
  private let head: SoftmaxOutput
  private let tails: [ClusterTail]
  private let assignment: ClusterAssignment
  private let input: PanelMatrix
  private let inputGradient: PanelMatrix?
  private let gradients: Gradients?
  private let rows: GatheredRows
  /// Logits of the runs of a round, with the scales of each group behind them.
  private let logits: Arena
  private let targetLogits: Arena
  /// [positions] in nats.
  private let losses: Buffer<Double>

  private static let width = PanelShape.width

  init(_ context: OutputContext, _ handles: ClusteredParameters) {
    let layout = handles.layout
    self.layout = layout
    self.handles = handles
    targetShare = TargetShare(context)
    classes = context.parameters.shape.classes
    minibatch = context.minibatch
    kernels = context.parameters.kernels
    input = context.input
    inputGradient = context.inputGradient
    gradients = context.gradients
    tails = handles.tails.map { ClusterTail($0, of: context.parameters, training: context.inputGradient != nil) }
    assignment = ClusterAssignment(
      layout, groupFloats: tails.map { $0.groupFloats }, context)
    head = SoftmaxOutput(
      context, weight: handles.headWeight, bias: handles.headBias, targets: assignment.headTargets)
    rows = GatheredRows(
      positions: assignment.positions, hidden: context.input.columns,
      projection: layout.clusters.compactMap(\.projection).max() ?? 0,
      training: context.inputGradient != nil, kernels: kernels)
    logits = Arena(count: assignment.capacity)
    targetLogits = Arena(count: assignment.positions)
    losses = Buffer(count: assignment.positions, repeating: 0)
  }

  private func block(_ run: ClusterAssignment.Run) -> SoftmaxBlock {
    let (tail, first) = (tails[run.cluster], run.positions.lowerBound)
    let logits = tail.logits(at: logits.base + run.offset, groups: run.groups)
    let inputs = rows.inputs(of: tail, positions: run.positions)
    return SoftmaxBlock(
      kernels: kernels, weight: tail.weight, bias: tail.bias, rows: run.positions.count, input: inputs.values,
      inputGradient: inputs.gradient, inputTransposed: inputs.transposed, logits: logits.matrix,
      scales: logits.scales, targetLogits: targetLogits.base + first, targets: assignment.targets.base + first,
      losses: losses.base + first, targetShare: targetShare.value, likeliest: nil)
  }

  // MARK: phases

  private var assignPhase: Phase {
    Phase(.output, jobs: { 1 }) { [assignment, minibatch, clusters = gradients?.clusters] _ in
      assignment.assign()
      clusters?.find(in: minibatch)
    }
  }

  func lossPhases() -> [Phase] {
    [assignPhase] + head.lossPhases() + (0..<assignment.rounds).map { round in runPhase(round) { _, _, _ in } }
  }

  func trainingPhases() -> [Phase] {
    guard let gradients else { return [] }
    let jobs = tails.indices.flatMap { reduction(ofCluster: $0, into: gradients) }
    let count = jobs.count
    return [assignPhase] + head.trainingPhases()
      + (0..<assignment.rounds).flatMap { round in
        [
          runPhase(round) { [self] run, block, groups in
            block.backward(groups: groups)
            scatter(run, groups: groups)
          },
          // The first round also sees to the clusters that have no rows.
          Phase(.reduce, jobs: { [assignment] in round == 0 || !assignment.runs(ofRound: round).isEmpty ? count : 0 }) {
            jobs[$0](round)
          },
        ]
      }
  }

  /// The losses of a round's runs, and what comes next.
  private func runPhase(
    _ round: Int,
    _ next: @escaping @Sendable (_ run: ClusterAssignment.Run, _ block: SoftmaxBlock, _ groups: Range<Int>) -> Void
  ) -> Phase {
    Phase(.output, jobs: { [assignment] in assignment.jobs(ofRound: round).count }) { [self] index in
      let job = assignment.jobs[assignment.jobs(ofRound: round).lowerBound + index]
      let run = assignment.runs[job.run]
      let block = block(run)
      gather(run, groups: job.groups)
      block.forward(groups: job.groups)
      next(run, block, job.groups)
    }
  }

  /// Positions of some groups of a run.
  private func positions(_ run: ClusterAssignment.Run, groups: Range<Int>) -> Range<Int> {
    let first = run.positions.lowerBound
    return first + groups.lowerBound
      * Self.width..<min(first + groups.upperBound * Self.width, run.positions.upperBound)
  }

  private func gather(_ run: ClusterAssignment.Run, groups: Range<Int>) {
    let positions = positions(run, groups: groups)
    rows.gather(
      input, index: assignment.rowOfPosition.base + positions.lowerBound, into: positions, for: tails[run.cluster])
  }

  /// dL/dh of the run's rows, added to what the head has given them.
  private func scatter(_ run: ClusterAssignment.Run, groups: Range<Int>) {
    let positions = positions(run, groups: groups)
    guard let inputGradient, let gradient = rows.differentiate(positions, of: tails[run.cluster]) else { return }
    for panel in 0..<gradient.panels {
      inputGradient.addRows(of: gradient, panel: panel, at: assignment.rowOfPosition.base + positions.lowerBound)
    }
  }

  /// Jobs that each sum one tile of a cluster's gradients over its rows in order. A later round goes on where the one before
  /// ended; a cluster without rows has a gradient of zero.
  private func reduction(ofCluster cluster: Int, into gradients: Gradients) -> [@Sendable (_ round: Int) -> Void] {
    let (tail, handles) = (tails[cluster], handles.tails[cluster])
    let weightGradient = gradients.view(handles.weight).rows(handles.rows)
    let biasGradient = handles.bias.map { gradients.view($0) }
    let height = ReductionTile.mostRowPanels * Self.width
    var jobs: [@Sendable (Int) -> Void] = stride(from: 0, to: weightGradient.rows, by: height).map { first in
      let range = first..<min(first + height, weightGradient.rows)
      return { [self] round in
        let sums = biasGradient.map { $0.base + handles.rows.lowerBound + range.lowerBound }
        guard let run = assignment.run(of: cluster, round: round) else {
          guard round == 0, assignment.hasLeft(cluster) else { return }
          sums?.update(repeating: 0, count: range.count)
          return weightGradient.rows(range).zeroRows()
        }
        let (block, start) = (block(run), run.isFirst ? Kernels.Start.zero : .accumulate)
        // First, because it reads in the order of memory: see SoftmaxOutput.
        if let sums { block.addBias(range, to: sums, start: start) }
        block.reduceWeight(range, panels: 0..<weightGradient.panels, into: weightGradient, start: start)
      }
    }
    guard let projection = handles.projection else { return jobs }
    let gradient = gradients.view(projection)
    jobs += ReductionTile.all(of: gradient).map { tile in
      { [self] round in
        if let run = assignment.run(of: cluster, round: round) {
          rows.reduceProjection(
            of: tail, positions: run.positions, tile, into: gradient, start: run.isFirst ? .zero : .accumulate)
        } else if round == 0, assignment.hasLeft(cluster) {
          tile.view(of: gradient).zeroRows()
        }
      }
    }
    return jobs
  }

  // MARK: results

  func loss(row: Int) -> Double {
    let position = Int(assignment.positionOfRow[row])
    return head.loss(row: row) + (position < 0 ? 0 : losses[position])
  }

  func prediction(row: Int) -> Int32 {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: classes) { logits in
      self.logits(row: row, into: logits)
      var likeliest = 0
      for token in 0..<classes where logits[token] > logits[likeliest] { likeliest = token }
      return Int32(likeliest)
    }
  }

  /// Here the logits are logarithms of probabilities.
  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) {
    precondition(result.count == classes && row < minibatch.rows)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: layout.headClasses) { logits in
      head.logits(row: row, into: logits)
      let normalizer = Self.logSum(logits.count) { logits[$0] }
      for token in 0..<layout.shortlist { result[token] = Float(Double(logits[token]) - normalizer) }
      for (index, cluster) in layout.clusters.enumerated() {
        let share = Double(logits[layout.shortlist + index]) - normalizer
        putLogits(ofCluster: index, row: row, share: share, into: result.extracting(cluster.tokens))
      }
    }
  }

  /// - Parameter share: the logarithm of the cluster's probability.
  private func putLogits(
    ofCluster cluster: Int, row: Int, share: Double, into result: UnsafeMutableBufferPointer<Float>
  ) {
    tails[cluster].putLogits(of: input.rows(row..<row + 1), into: result, kernels)
    let normalizer = Self.logSum(result.count) { result[$0] }
    for token in result.indices { result[token] = Float(share + Double(result[token]) - normalizer) }
  }

  /// log(sum of exp(logit)).
  private static func logSum(_ count: Int, _ logit: (Int) -> Float) -> Double {
    let largest = (0..<count).reduce(-Float.infinity) { max($0, logit($1)) }
    return Double(largest) + log((0..<count).reduce(0) { $0 + exp(Double(logit($1) - largest)) })
  }
}

/// The parameters of an output layer in two steps: the head's softmax over the shortlist and the clusters, then for a token of a
/// cluster its tail's over the cluster's tokens.
package struct ClusteredParameters: OutputParameters {
  /// Of the tokens of one cluster.
  package struct Tail: Sendable {
    /// [.., inputs], of which some rows are the cluster's tokens, and [..] for the same rows, if there is a bias.
    package let weight: Parameter.Handle
    package let bias: Parameter.Handle?
    package let rows: Range<Int>
    /// [inputs, hidden]; nil: the inputs are the hidden state.
    package let projection: Parameter.Handle?
  }

  package let layout: ClusterLayout
  /// [shortlist + clusters, hidden] and, if there is one, [shortlist + clusters].
  package let headWeight: Parameter.Handle
  package let headBias: Parameter.Handle?
  package let tails: [Tail]

  package var distribution: Distribution { .clusters(self) }

  package func makeLayer(_ context: OutputContext) -> any OutputLayer { ClusteredOutput(context, self) }
}
