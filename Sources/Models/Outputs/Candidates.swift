import Compute

/// The classes that a step of a sampled output layer is over, with copies of their parameters side by side.
///
/// They are the different ones of so many draws, the same for all rows of the minibatch, and after these the targets that
/// weren't drawn. A row's softmax is over the drawn classes and its own target.
///
/// The logit of a drawn class c is U_c h + b_c - log q_c, where q_c is the probability that c is drawn at all in a step; a
/// row's target, which is there in any case, has q = 1, drawn or not. So the sum of the exponentials estimates without bias
/// that over all classes, and the gradient comes to that of the full softmax as the draws become more (Bengio and Senécal,
/// 2008, whose importance weights are here the inverse of the inclusion probabilities, as in Horvitz and Thompson's
/// estimator).
final class Candidates: @unchecked Sendable {
  // Unchecked: one job writes `drawnCount`, and no other runs meanwhile.

  /// [capacity, hidden] weights and [1, capacity] biases less log q.
  let weight, bias: OwnedMatrix
  /// [capacity] log q: what a class that is a row's target has in its logit again.
  let targetOffsets: Arena
  /// [rows] places of the targets among the candidates.
  let targets: Buffer<Int32>
  /// The first candidates were drawn.
  private(set) var drawnCount = 0

  private let minibatch: Minibatch
  private let step: StepSettings
  private let random: Philox
  private let proposal: LogUniformProposal
  private let drawn: Buffer<Int32>
  private let draws: Int
  /// The candidates as rows of the whole weight.
  let rows: RowSet
  private let wholeWeight: PanelMatrix
  private let wholeBias: PanelMatrix

  /// Draws or rows of a job.
  private static let unit = 64

  /// - Parameters:
  ///   - weight: [classes, hidden] of all classes.
  ///   - bias: [1, classes]
  ///   - rows: where the candidates are put.
  init(_ context: OutputContext, _ weight: PanelMatrix, _ bias: PanelMatrix, samples: Int, rows: RowSet) {
    minibatch = context.minibatch
    step = context.step
    random = Philox(seed: context.seed)
    proposal = LogUniformProposal(classes: weight.rows)
    draws = samples
    drawn = Buffer(count: samples, repeating: 0)
    targets = Buffer(count: context.minibatch.timeline.capacity.rows, repeating: 0)
    self.rows = rows
    wholeWeight = weight
    wholeBias = bias
    self.weight = OwnedMatrix(rows: rows.capacity, columns: weight.columns)
    self.bias = OwnedMatrix(rows: 1, columns: rows.capacity)
    targetOffsets = Arena(count: rows.capacity)
  }

  var count: Int { rows.count }

  /// Draws, finds out which classes these and the targets are, and copies their parameters.
  var phases: [Phase] {
    [
      Phase(.output, jobs: { [draws] in (draws + Self.unit - 1) / Self.unit }) { [self] job in
        for index in job * Self.unit..<min((job + 1) * Self.unit, draws) {
          let number = random.uniformDouble(.candidates, step: step.number, position: index)
          drawn[index] = Int32(proposal.draw(number))
        }
      },
      Phase(.output, jobs: { 1 }) { [self] _ in collect() },
      Phase(.output, jobs: { [self] in (count + Self.unit - 1) / Self.unit }) { [self] job in
        gather(job * Self.unit..<min((job + 1) * Self.unit, count))
      },
    ]
  }

  private func collect() {
    rows.removeAll()
    for index in 0..<draws { _ = rows.insert(drawn[index]) }
    drawnCount = rows.count
    for row in 0..<minibatch.rows {
      let target = minibatch.targets[row]
      targets[row] = target == Minibatch.masked ? target : rows.insert(target)
    }
  }

  private func gather(_ range: Range<Int>) {
    weight.view.rows(range).gatherRows(of: wholeWeight, index: rows.ids.base + range.lowerBound)
    for place in range {
      let id = Int(rows.ids[place])
      let offset =
        place < drawnCount ? Float(naturalLogarithm(proposal.inclusion(of: id, draws: draws))) : 0
      bias.view[0, place] = wholeBias[0, id] - offset
      targetOffsets.base[place] = offset
    }
  }
}
