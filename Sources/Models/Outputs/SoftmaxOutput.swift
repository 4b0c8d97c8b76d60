import Compute

/// The plain output layer: y_t = softmax(U h_t + b), the loss -log y_t[target], and its gradient, for all rows of a
/// minibatch.
///
/// Past a bound of memory the logits go in blocks of rows, one after the other.
final class SoftmaxOutput: OutputLayer, @unchecked Sendable {
  // Unchecked: pointers are to memory that is written as arenas are (see Arena).

  /// What a class is: a row of a weight, and an element of a bias, if there is one.
  struct Classes {
    let weight: PanelMatrix
    let bias: FloatPointer?
    /// Where their gradients go; nil for a model that is only evaluated.
    let weightGradient: PanelMatrix?
    let biasGradient: FloatPointer?
    /// [rows of the minibatch] classes.
    let targets: UnsafePointer<Int32>
    /// Which of them there are in a step; nil: all.
    var candidates: Candidates?
  }

  private let classes: Classes
  private let kernels: Kernels
  private let minibatch: Minibatch
  private let input: PanelMatrix
  private let inputGradient: PanelMatrix?
  private let workers: Int
  /// Rows of the minibatch that are in memory as logits at one time: a multiple of 16.
  private let blockRows: Int
  private let logits: OwnedMatrix
  private let inputTransposed: OwnedMatrix
  private let scales: Arena
  private let targetLogits: Arena
  private let losses: RowLosses
  private let largestLogits: Arena?
  private let predictions: IndexMemory

  private static let width = PanelShape.width

  convenience init(_ context: OutputContext) {
    self.init(
      context, weight: context.parameters.layout.outputWeight, bias: "decoder.bias",
      targets: context.minibatch.targets)
  }

  /// - Parameters:
  ///   - bias: nil: there is none.
  ///   - targets: [rows] classes, each a row of the weight.
  convenience init(_ context: OutputContext, weight: String, bias: String?, targets: UnsafePointer<Int32>) {
    let (parameters, gradients) = (context.parameters, context.inputGradient == nil ? nil : context.gradients)
    self.init(
      context,
      Classes(
        weight: parameters.view(weight), bias: bias.map { parameters.view($0).base },
        weightGradient: gradients?.view(weight), biasGradient: bias.flatMap { gradients?.view($0).base },
        targets: targets),
      losses: RowLosses(count: context.minibatch.timeline.capacity.rows))
  }

  init(_ context: OutputContext, _ classes: Classes, losses: RowLosses) {
    self.classes = classes
    self.losses = losses
    kernels = context.parameters.kernels
    minibatch = context.minibatch
    input = context.input
    inputGradient = context.inputGradient
    workers = context.workers
    let rows = minibatch.timeline.capacity.rows
    let count = classes.weight.rows
    let logitRows = SoftmaxBlock.logitRows(classes: count, keeps: inputGradient != nil)
    let scaleCount = SoftmaxBlock.scaleCount(classes: count)
    blockRows = context.blockRows(
      of: rows, rowFloats: inputGradient == nil ? logitRows + scaleCount / Self.width : count)
    logits = OwnedMatrix(rows: logitRows, columns: blockRows)
    inputTransposed = OwnedMatrix(rows: classes.weight.panels * Self.width, columns: blockRows)
    scales = Arena(count: blockRows / Self.width * scaleCount)
    targetLogits = Arena(count: rows)
    predictions = IndexMemory(count: rows)
    largestLogits = context.predicts ? Arena(count: rows) : nil
  }

  /// Blocks that a full minibatch is cut into.
  private var blockCount: Int { (minibatch.timeline.capacity.rows + blockRows - 1) / blockRows }

  /// Some of the minibatch's rows; none past its end.
  private func block(_ index: Int) -> SoftmaxBlock { block(from: index * blockRows) }

  private func block(from first: Int) -> SoftmaxBlock {
    let range = min(first, minibatch.rows)..<min(first + blockRows, minibatch.rows)
    var block = SoftmaxBlock(
      kernels: kernels, weight: classes.weight.rows(0..<classCount), bias: classes.bias, rows: range.count,
      input: input.rows(range.lowerBound..<input.rows), inputGradient: inputGradient?.rows(range),
      inputTransposed: inputTransposed.view, logits: logits.view, scales: scales.base,
      targetLogits: targetLogits.base + range.lowerBound, targets: classes.targets + range.lowerBound,
      losses: losses.base + range.lowerBound, targetShare: 1 / Float(minibatch.targetCount),
      likeliest: largestLogits.map { ($0.base + range.lowerBound, predictions.base + range.lowerBound) })
    if let candidates = classes.candidates {
      block.sharedClasses = candidates.drawnCount
      block.targetOffsets = candidates.targetOffsets.base
    }
    return block
  }

  private var classCount: Int { classes.candidates?.count ?? classes.weight.rows }

  // MARK: phases

  func lossPhases() -> [Phase] {
    (0..<blockCount).map { index in
      groupPhase(index) { block, groups in
        block.transposeInput(groups: groups)
        block.forward(groups: groups)
      }
    }
  }

  func trainingPhases() -> [Phase] {
    let reduction = reduction
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
    let workers = workers
    let shares = { @Sendable (block: SoftmaxBlock) in GuidedShares(of: block.groups, workers: workers, unit: 2) }
    return Phase("output", jobs: { [self] in shares(block(index)).count }) { [self] job in
      let block = block(index)
      run(block, shares(block)[job])
    }
  }

  /// Jobs that each sum one tile of a gradient over a block's rows in order. A later block goes on where the one before
  /// ended.
  private var reduction: [@Sendable (_ block: SoftmaxBlock, _ isFirst: Bool) -> Void] {
    guard let weightGradient = classes.weightGradient else { return [] }
    var jobs: [@Sendable (SoftmaxBlock, Bool) -> Void] = []
    for (rowPanels, panels) in ReductionTile.all(of: weightGradient) {
      let first = rowPanels.lowerBound * Self.width
      let range = { @Sendable [self] in min(first, classCount)..<min(rowPanels.upperBound * Self.width, classCount) }
      // The tiles of the first columns have each class once: they see to the bias as well. It comes first, since it reads the
      // logits in the order of memory: the product, which doesn't, finds them in the cache.
      let sums = panels.lowerBound == 0 ? classes.biasGradient.map(Sums.init) : nil
      jobs.append { block, isFirst in
        let range = range()
        if let sums {
          if isFirst { (sums.base + range.lowerBound).update(repeating: 0, count: range.count) }
          block.addBias(range, to: sums.base + range.lowerBound)
        }
        block.reduceWeight(range, panels: panels, into: weightGradient, start: isFirst ? .zero : .accumulate)
      }
    }
    return jobs
  }

  private struct Sums: @unchecked Sendable {
    // Unchecked: see Arena.
    let base: FloatPointer
  }

  // MARK: results

  func loss(row: Int) -> Double { losses.base[row] }

  func prediction(row: Int) -> Int32 { predictions.base[row] }

  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) {
    precondition(result.count == classes.weight.rows && row < minibatch.rows)
    guard let base = result.baseAddress else { return }
    kernels.multiply(classes.weight, vector: input.rows(row..<row + 1), into: base, bias: classes.bias)
  }
}

/// A loss in nats for each row of a minibatch.
final class RowLosses: @unchecked Sendable {
  // Unchecked: written as arenas are (see Arena), each row by one job.
  let base: UnsafeMutablePointer<Double>

  init(count: Int) {
    base = .allocate(capacity: count)
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }
}
