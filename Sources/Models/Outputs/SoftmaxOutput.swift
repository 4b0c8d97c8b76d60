import Compute

/// The plain output layer: y_t = softmax(U h_t + b), the loss -log y_t[target], and its gradient, for all rows of a
/// minibatch.
///
/// Past a bound of memory the logits go in blocks of rows, one after the other.
final class SoftmaxOutput: OutputLayer {
  /// What a class is: a row of a weight, and an element of a bias, if there is one.
  struct Classes {
    /// [classes, inputs]
    let weight: PanelMatrix
    /// [1, classes]
    let bias: PanelMatrix?
    /// Where their gradients go; nil for a model that is only evaluated.
    let weightGradient: PanelMatrix?
    let biasGradient: PanelMatrix?
    /// [rows of the minibatch] classes.
    let targets: Buffer<Int32>
    /// Which of them there are in a step; nil: all.
    var candidates: Candidates?
  }

  private let classes: Classes
  private let kernels: Kernels
  private let minibatch: Minibatch
  private let targetShare: TargetShare
  private let input: PanelMatrix
  private let inputGradient: PanelMatrix?
  private let addsToInputGradient: Bool
  private let workers: Int
  /// Rows of the minibatch that are in memory as logits at one time: a multiple of 16.
  private let blockRows: Int
  private let logits: OwnedMatrix
  private let inputTransposed: OwnedMatrix
  private let scales: Arena
  private let targetLogits: Arena
  /// [rows] in nats.
  private let losses: Buffer<Double>
  private let largestLogits: Arena?
  private let predictions: Buffer<Int32>

  private static let width = PanelShape.width

  /// - Parameters:
  ///   - bias: nil: there is none.
  ///   - targets: [rows] classes, each a row of the weight.
  convenience init(
    _ context: OutputContext, weight: Parameter.Handle, bias: Parameter.Handle?, targets: Buffer<Int32>
  ) {
    let (parameters, gradients) = (context.parameters, context.inputGradient == nil ? nil : context.gradients)
    self.init(
      context,
      Classes(
        weight: parameters.view(weight), bias: bias.map(parameters.view), weightGradient: gradients?.view(weight),
        biasGradient: bias.flatMap { gradients?.view($0) }, targets: targets),
      losses: Buffer(count: context.minibatch.timeline.capacity.rows, repeating: 0))
  }

  init(_ context: OutputContext, _ classes: Classes, losses: Buffer<Double>) {
    self.classes = classes
    self.losses = losses
    kernels = context.parameters.kernels
    minibatch = context.minibatch
    targetShare = TargetShare(context)
    input = context.input
    inputGradient = context.inputGradient
    addsToInputGradient = context.addsToInputGradient
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
    predictions = Buffer(count: rows, repeating: 0)
    largestLogits = context.predicts ? Arena(count: rows) : nil
  }

  /// Blocks that a full minibatch is cut into.
  private var blockCount: Int { (minibatch.timeline.capacity.rows + blockRows - 1) / blockRows }

  /// Some of the minibatch's rows; none past its end.
  private func block(_ index: Int) -> SoftmaxBlock { block(from: index * blockRows) }

  private func block(from first: Int) -> SoftmaxBlock {
    let range = min(first, minibatch.rows)..<min(first + blockRows, minibatch.rows)
    var block = SoftmaxBlock(
      kernels: kernels, weight: classes.weight.rows(0..<classCount), bias: classes.bias?.base, rows: range.count,
      input: input.rows(range.lowerBound..<input.rows), inputGradient: inputGradient?.rows(range),
      inputTransposed: inputTransposed.view, logits: logits.view, scales: scales.base,
      targetLogits: targetLogits.base + range.lowerBound, targets: classes.targets.base + range.lowerBound,
      losses: losses.base + range.lowerBound, targetShare: targetShare.value,
      likeliest: largestLogits.map { ($0.base + range.lowerBound, predictions.base + range.lowerBound) })
    block.addsToInputGradient = addsToInputGradient
    if let candidates = classes.candidates {
      block.sharedClasses = candidates.drawnCount
      block.targetOffsets = candidates.targetOffsets.base
    }
    return block
  }

  private var classCount: Int { classes.candidates?.count ?? classes.weight.rows }

  // MARK: phases

  func lossPhases() -> [Phase] {
    let workers = workers
    let shares = { @Sendable (block: SoftmaxBlock) in
      GuidedShares(of: block.groups, workers: workers, unit: 2, finest: 1)
    }
    return (0..<blockCount).map { index in
      Phase(.output, jobs: { [self] in shares(block(index)).count }) { [self] job in
        let block = block(index)
        let groups = shares(block)[job]
        block.transposeInput(groups: groups)
        block.forward(groups: groups)
      }
    }
  }

  func trainingPhases() -> [Phase] {
    let reduction = reduction
    return (0..<blockCount).flatMap { index in
      [wholeGroups(index)] + restOfGroups(index) + [
        Phase(.reduce, taking: .near, jobs: { [self] in block(index).rows == 0 ? 0 : reduction.count }) { [self] job in
          reduction[job](block(index), index == 0)
        }
      ]
    }
  }

  /// A phase over the groups of a block that workers do as a whole; of the others the input is transposed.
  private func wholeGroups(_ index: Int) -> Phase {
    let workers = workers
    let count = { @Sendable [self] in
      let sharing = GroupSharing(block(index), workers: workers)
      return sharing.shares.count + sharing.rest.count
    }
    return Phase(.output, jobs: count) { [self] job in
      let block = block(index)
      let sharing = GroupSharing(block, workers: workers)
      let shares = sharing.shares.count
      guard job < shares else {
        let group = sharing.rest.lowerBound + job - shares
        return block.transposeInput(groups: group..<group + 1)
      }
      let groups = sharing.shares[job]
      block.transposeInput(groups: groups)
      block.forward(groups: groups)
      block.backward(groups: groups)
    }
  }

  /// Phases over the rest of a block's groups, each in parts; none where all are done as a whole.
  private func restOfGroups(_ index: Int) -> [Phase] {
    func phase(
      over things: @escaping @Sendable (SoftmaxBlock) -> Int,
      _ run: @escaping @Sendable (_ block: SoftmaxBlock, _ group: Range<Int>, _ part: Range<Int>) -> Void
    ) -> Phase {
      let jobs = { @Sendable [self] in
        let block = block(index)
        let sharing = GroupSharing(block, workers: workers)
        return sharing.rest.count * sharing.parts(of: things(block))
      }
      return Phase(.output, jobs: jobs) { [self] job in
        let block = block(index)
        let sharing = GroupSharing(block, workers: workers)
        let (count, parts) = (things(block), sharing.parts(of: things(block)))
        let group = sharing.rest.lowerBound + job / parts
        run(block, group..<group + 1, share(of: count, job: job % parts, jobs: parts))
      }
    }
    return [
      phase(over: \.chunks) { block, group, chunks in block.makeExponentials(chunks: chunks, groups: group) },
      phase(over: { _ in 1 }) { block, group, _ in block.finish(group.lowerBound) },
      phase(over: \.chunks) { block, group, chunks in block.makeGradients(chunks: chunks, groups: group) },
      phase(over: { $0.weight.panels }) { block, group, panels in
        block.multiplyBack(chunks: 0..<block.chunks, groups: group, panels: panels)
      },
    ]
  }

  /// Jobs that each sum one tile of a gradient over a block's rows in order. A later block goes on where the one before
  /// ended.
  private var reduction: [@Sendable (_ block: SoftmaxBlock, _ isFirst: Bool) -> Void] {
    guard let weightGradient = classes.weightGradient else { return [] }
    return arranged(ReductionTile.all(of: weightGradient), near: workers, place: \.place).map { tile in
      let all = tile.rows(of: weightGradient)
      // The tiles of the first columns have each class once: they see to the bias as well. It comes first, since it reads the
      // logits in the order of memory: the product, which doesn't, finds them in the cache.
      let biasGradient = tile.panels.lowerBound == 0 ? classes.biasGradient : nil
      return { [self] block, isFirst in
        let range = min(all.lowerBound, classCount)..<min(all.upperBound, classCount)
        if let biasGradient {
          block.addBias(range, to: biasGradient.base + range.lowerBound, start: isFirst ? .zero : .accumulate)
        }
        block.reduceWeight(range, panels: tile.panels, into: weightGradient, start: isFirst ? .zero : .accumulate)
      }
    }
  }

  // MARK: results

  func loss(row: Int) -> Double { losses[row] }

  func prediction(row: Int) -> Int32 { predictions[row] }

  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) {
    precondition(result.count == classes.weight.rows && row < minibatch.rows)
    guard let base = result.baseAddress else { return }
    kernels.multiply(classes.weight, vector: input.rows(row..<row + 1), into: base, bias: classes.bias?.base)
  }
}
