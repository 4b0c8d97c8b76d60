import Compute

/// The plain output layer: y_t = softmax(U h_t + b), the loss -log y_t[target], and its gradient, for all rows of a
/// minibatch.
///
/// Past a bound of memory the logits go in blocks of rows, one after the other.
final class SoftmaxOutput: OutputLayer, @unchecked Sendable {
  // Unchecked: `losses` is written as arenas are, each row by one job.

  /// Where the parameters are.
  struct Names {
    let weight: String
    /// Nil: there is no bias.
    let bias: String?
  }

  private let names: Names
  private let kernels: Kernels
  private let minibatch: Minibatch
  private let targets: UnsafePointer<Int32>
  private let weight: PanelMatrix
  private let bias: FloatPointer?
  private let input: PanelMatrix
  private let inputGradient: PanelMatrix?
  private let workers: Int
  /// Rows of the minibatch that are in memory as logits at one time: a multiple of 16.
  private let blockRows: Int
  private let logits: OwnedMatrix
  private let inputTransposed: OwnedMatrix
  private let scales: Arena
  private let targetLogits: Arena
  private let losses: UnsafeMutablePointer<Double>
  private let largestLogits: Arena?
  private let predictions: UnsafeMutablePointer<Int32>

  private static let width = PanelShape.width

  convenience init(_ context: OutputContext) {
    self.init(
      context, Names(weight: context.parameters.layout.outputWeight, bias: "decoder.bias"),
      targets: context.minibatch.targets)
  }

  /// - Parameter targets: [rows] classes, each a row of the weight.
  init(_ context: OutputContext, _ names: Names, targets: UnsafePointer<Int32>) {
    self.names = names
    self.targets = targets
    kernels = context.parameters.kernels
    minibatch = context.minibatch
    input = context.input
    inputGradient = context.inputGradient
    workers = context.workers
    weight = context.parameters.view(names.weight)
    bias = names.bias.map { context.parameters.view($0).base }
    let rows = minibatch.timeline.capacity.rows
    let fitting = context.logitsBound / (weight.rows * MemoryLayout<Float>.stride) / Self.width * Self.width
    // Below 128 rows products waste time.
    blockRows = min((rows + Self.width - 1) / Self.width * Self.width, max(fitting, 128))
    logits = OwnedMatrix(rows: weight.rows, columns: blockRows)
    inputTransposed = OwnedMatrix(rows: weight.panels * Self.width, columns: blockRows)
    scales = Arena(count: blockRows / Self.width * SoftmaxBlock.scaleCount(classes: weight.rows))
    targetLogits = Arena(count: rows)
    losses = .allocate(capacity: rows)
    losses.initialize(repeating: 0, count: rows)
    predictions = .allocate(capacity: rows)
    predictions.initialize(repeating: 0, count: rows)
    largestLogits = context.predicts ? Arena(count: rows) : nil
  }

  deinit {
    losses.deallocate()
    predictions.deallocate()
  }

  /// Blocks that a full minibatch is cut into.
  private var blockCount: Int { (minibatch.timeline.capacity.rows + blockRows - 1) / blockRows }

  /// Some of the minibatch's rows; none past its end.
  private func block(_ index: Int) -> SoftmaxBlock { block(from: index * blockRows) }

  private func block(from first: Int) -> SoftmaxBlock {
    let range = min(first, minibatch.rows)..<min(first + blockRows, minibatch.rows)
    return SoftmaxBlock(
      kernels: kernels, weight: weight, bias: bias, rows: range.count, input: input.rows(range.lowerBound..<input.rows),
      inputGradient: inputGradient?.rows(range), inputTransposed: inputTransposed.view, logits: logits.view,
      scales: scales.base, targetLogits: targetLogits.base + range.lowerBound, targets: targets + range.lowerBound,
      losses: losses + range.lowerBound, targetShare: 1 / Float(minibatch.targetCount),
      likeliest: largestLogits.map { ($0.base + range.lowerBound, predictions + range.lowerBound) })
  }

  // MARK: phases

  func lossPhases() -> [Phase] {
    (0..<blockCount).map { index in
      groupPhase(index) { block, groups in
        block.transposeInput(groups: groups)
        block.forward(groups: groups)
      }
    }
  }

  func trainingPhases(into gradients: Gradients) -> [Phase] {
    let reduction = reduction(into: gradients)
    return (0..<blockCount).flatMap { index in
      [
        groupPhase(index) { block, groups in
          block.transposeInput(groups: groups)
          block.forward(groups: groups)
          block.backward(groups: groups)
        },
        Phase("reduce", jobs: { [self] in block(index).rows == 0 ? 0 : reduction.count }) { [self] job in
          reduction[job](block(index), index == 0)
        },
      ]
    }
  }

  /// A phase over a block's groups of 16 rows, in pairs.
  private func groupPhase(
    _ index: Int, _ run: @escaping @Sendable (_ block: SoftmaxBlock, _ groups: Range<Int>) -> Void
  ) -> Phase {
    let most = workers * 4
    return Phase("output", jobs: { [self] in min(most, (block(index).groups + 1) / 2) }) { [self] job in
      let block = block(index)
      run(block, share(of: block.groups, job: job, jobs: min(most, (block.groups + 1) / 2), unit: 2))
    }
  }

  /// Jobs that each sum one tile of a gradient over a block's rows in order. A later block goes on where the one before
  /// ended.
  private func reduction(
    into gradients: Gradients
  ) -> [@Sendable (_ block: SoftmaxBlock, _ isFirst: Bool) -> Void] {
    let weightGradient = gradients.view(names.weight)
    let biasGradient = names.bias.map { gradients.view($0) }
    var jobs: [@Sendable (SoftmaxBlock, Bool) -> Void] = []
    for (rowPanels, panels) in ReductionTile.all(of: weightGradient) {
      let range = rowPanels.lowerBound * Self.width..<min(rowPanels.upperBound * Self.width, weight.rows)
      jobs.append { block, isFirst in
        block.reduceWeight(range, panels: panels, into: weightGradient, start: isFirst ? .zero : .accumulate)
      }
      // The tiles of the first columns have each class once: they see to the bias as well.
      guard panels.lowerBound == 0, let biasGradient else { continue }
      jobs.append { block, isFirst in
        let sums = biasGradient.base + range.lowerBound
        if isFirst { sums.update(repeating: 0, count: range.count) }
        block.addBias(range, to: sums)
      }
    }
    return jobs
  }

  // MARK: results

  func loss(row: Int) -> Double { losses[row] }

  func prediction(row: Int) -> Int32 { predictions[row] }

  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) {
    precondition(result.count == weight.rows && row < minibatch.rows)
    let first = row / Self.width * Self.width
    let block = block(from: first)
    block.transposeInput(groups: 0..<1)
    block.computeLogits(0..<weight.rows, groups: 0..<1)
    for index in 0..<weight.rows { result[index] = logits.view[index, row - first] }
  }
}
