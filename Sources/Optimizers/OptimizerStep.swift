import Collectives
import Compute
import Models
import Synchronization

/// The second half of a step: norm, clipping and update, over flat arenas of one layout, and row by row for parameters whose
/// gradient has some rows only.
///
/// Of several processes each updates its slice of the arenas, for all of them: squares of its blocks, which all get to know; the
/// norm, by the squares of all; the update, whose parameters all get. Rows are few, and every process has all of them already: each
/// updates them all, which costs less than to send them, and so keeps all of their moments.
///
/// What it keeps from step to step is `moments` alone; learning rate and step count are set before each step.
package final class OptimizerStep: @unchecked Sendable {
  // Unchecked: `step` and the results are written between phases (by the training loop before a step, by the one-job
  // phase "norm" within it); arenas as Arena says.

  /// What an arena of the parameters' layout is kept for, in PyTorch's words.
  package struct Moment: Sendable {
    package let name: String
    package let arena: Arena
  }

  package let moments: [Moment]
  private let optimizer: any Optimizer
  private let clipNorm: Double
  /// Whether rows without a gradient are updated, too.
  private let updatesAllRows: Bool
  private let parameters: Parameters
  private let gradients: Gradients
  /// What this process updates. What is frozen stays as it is: no update, no moments, no share of the norm.
  package let slices: ArenaSlices
  /// All whose squares are summed on their own, and which of the own ones each job sums.
  private let normBlocks: [ArenaPart]
  private let normJobs: [Int]
  private let updateBlocks: [UpdateBlock]
  private let rates: RateShares
  private let kernels: Kernels

  private var step = UpdateStep(number: 1, learningRate: 0)
  /// The gradient's norm in the last step, before clipping.
  package private(set) var gradientNorm = 0.0
  private let overflow = Atomic<Bool>(false)
  /// [ranks] whether it was so on each.
  private let overflows: RankWords
  private let sharing: ParameterSharing
  /// Sums of squares of blocks of the gradient, and then of the pieces of those by rows.
  private let squares: Buffer<Double>
  /// The starts of the moments' arenas.
  private let momentBases: UnsafeMutableBufferPointer<FloatPointer>
  /// The start of the parameters' arena.
  private let weights: FloatPointer

  /// The gradient of rows that a step doesn't have.
  private let zeros = Arena(count: allRowsUnit * PanelShape.width)

  /// Rows that a job updates: of those that a step has, or of all.
  private static let (rowsUnit, allRowsUnit) = (16, 128)

  /// - Parameters:
  ///   - clipNorm: the largest norm of a gradient; 0: no clipping.
  ///   - sparse: whether rows that have no gradient in a step keep weights and moments as they are, as with PyTorch's
  ///     SparseAdam, and so do the clusters of an output layer without a target in the minibatch. Where an update by a gradient
  ///     of zero changes nothing, they do anyway.
  ///   - slices: what each of the processes updates that train together, and which parameters stay as they are, as with PyTorch's
  ///     `requires_grad = False`; nil: this process is alone, and updates all.
  ///   - rates: which parameters go at a share of the learning rate; nil: none.
  ///   - workers: how many threads the work is meant for.
  package init(
    _ optimizer: any Optimizer, clipNorm: Double, sparse: Bool = false, slices: ArenaSlices? = nil,
    rates: RateShares? = nil, parameters: Parameters, gradients: Gradients, workers: Int = 1
  ) {
    let slices = slices ?? ArenaSlices(parameters.layout)
    self.optimizer = optimizer
    self.clipNorm = clipNorm
    self.parameters = parameters
    self.gradients = gradients
    self.slices = slices
    let updatesAllRows = !sparse && optimizer.movesWithoutGradient
    self.updatesAllRows = updatesAllRows
    let blocks = slices.blocks.map { ArenaPart($0, gradients.clusters) }
    normBlocks = blocks
    normJobs = parameters.layout.arranged(Array(slices.own), near: workers) { blocks[$0].floats }
    let own = blocks[slices.own].flatMap { updatesAllRows ? [$0] : ArenaPart.parts(of: $0.floats, gradients.clusters) }
    // Of several processes each has all parameters only when all have given theirs.
    let copied = slices.areShared ? [] : parameters.copiedPanels().filter { !slices.frozen.contains($0.parameter) }
    let rates = rates ?? RateShares(of: parameters.layout)
    self.rates = rates
    updateBlocks = UpdateBlock.all(of: own, copied: copied, rates, in: parameters.layout, near: workers)
    kernels = parameters.kernels
    weights = parameters.values.base
    let count = parameters.layout.floatCount
    let moments = optimizer.momentNames.map { Moment(name: $0, arena: Arena(count: count)) }
    self.moments = moments
    momentBases = .allocate(capacity: moments.count)
    _ = momentBases.initialize(from: moments.map(\.arena.base))
    let pieces = gradients.byRows.reduce(0) { $0 + (slices.frozen.contains($1.parameter.handle) ? 0 : $1.pieceCount) }
    squares = Buffer(count: slices.blocks.count + pieces, repeating: 0)
    overflows = RankWords(1, of: slices.ranks)
    sharing = ParameterSharing(slices, parameters.values, leaving: updatesAllRows ? nil : gradients.clusters)
  }

  deinit { momentBases.deallocate() }

  /// Sets what the coming step uses.
  ///
  /// - Parameter step: counts updates from 1.
  package func prepare(step number: Int, learningRate: Double) {
    step = UpdateStep(number: number, learningRate: learningRate)
    overflow.store(false, ordering: .relaxed)
  }

  /// Whether the last step left the parameters alone because its gradient was not finite.
  package var diverged: Bool { !gradientNorm.isFinite }

  /// Whether the last step's update, of a gradient that was finite, led to a parameter or a moment that isn't.
  package var overflowed: Bool { overflow.load(ordering: .relaxed) }

  /// Whether a step's gradient has nothing but zeros in a block of a cluster, which only one without a target says.
  private func isZero(_ cluster: Int?) -> Bool {
    guard let cluster, let clusters = gradients.clusters else { return false }
    return !clusters.contains(cluster)
  }

  /// The squares of the gradient; of several processes, `shareSquares` has to follow.
  package func squarePhases() -> [Phase] {
    let (own, blocks) = (normJobs, normBlocks)
    let pieces = trainedByRows.flatMap { gradient in (0..<gradient.pieceCount).map { (gradient, $0) } }
    return [
      Phase(.norm, taking: .near, jobs: { own.count + pieces.count }) { [self] job in
        if job < own.count {
          let index = own[job]
          let block = blocks[index]
          squares[index] =
            isZero(block.cluster)
            ? 0 : kernels.sumOfSquares(gradients.values.base + block.floats.lowerBound, count: block.floats.count)
        } else {
          let (gradient, index) = pieces[job - own.count]
          let piece = gradient.piece(index)
          squares[blocks.count + job - own.count] =
            piece.baseAddress.map { kernels.sumOfSquares($0, count: piece.count) } ?? 0
        }
      }
    ]
  }

  /// Norm, clipping factor, update, transposed copies; of several processes, `shareUpdate` has to follow, and then the copies
  /// have to be renewed. A gradient that isn't finite touches nothing.
  package func updatePhases() -> [Phase] { [normPhase(), densePhase()] + trainedByRows.map(rowPhase) }

  /// Gives every process the squares of all blocks.
  package func shareSquares() { slices.share(squares) }

  /// Gives every process the parameters that the others have updated, and whether a number overflowed anywhere.
  package func shareUpdate(by workers: Workers) {
    guard !diverged else { return }
    sharing.run(by: workers)
    overflows.own[0] = overflowed ? 1 : 0
    overflows.share()
    if overflows.ranks.contains(where: { overflows[$0][0] != 0 }) { overflow.store(true, ordering: .relaxed) }
  }

  private var trainedByRows: [RowGradient] {
    gradients.byRows.filter { !slices.frozen.contains($0.parameter.handle) }
  }

  private func normPhase() -> Phase {
    Phase(.norm, jobs: { 1 }) { [self] _ in
      gradientNorm = squares.elements.reduce(0, +).squareRoot()
      // PyTorch's clip_grad_norm_ adds 1e-6, so that a norm of exactly the limit isn't scaled up.
      step = step.clipped(by: clipNorm > 0 ? Float(min(1, clipNorm / (gradientNorm + 1e-6))) : 1)
    }
  }

  /// The update of parameters that have gradients in all rows: a job for each of the own blocks, which renews the transposed
  /// copy as well, unless other processes have to give theirs first. Those of a cluster without a target stay as they are,
  /// unless all rows are updated.
  private func densePhase() -> Phase {
    let blocks = updateBlocks
    return Phase(.update, taking: .near, jobs: { [self] in diverged ? 0 : blocks.count }) { [self] job in
      let block = blocks[job]
      if !updatesAllRows, isZero(block.cluster) { return }
      update(.dense(block.floats, gradients.values.base + block.floats.lowerBound), rateShare: block.rateShare)
      if let copied = block.copied { parameters.renewCopy(of: copied) }
    }
  }

  /// The update of the rows that a step has, or of all.
  private func rowPhase(_ gradient: RowGradient) -> Phase {
    let (updatesAll, rows, share) = (updatesAllRows, gradient.rows, rates[gradient.parameter.handle])
    let unit = updatesAll ? Self.allRowsUnit : Self.rowsUnit
    let count = { @Sendable in updatesAll ? rows.total : rows.count }
    return Phase(.update, jobs: { [self] in diverged ? 0 : (count() + unit - 1) / unit }) { [self] job in
      let range = job * unit..<min((job + 1) * unit, count())
      update(updatesAll ? .allRows(gradient, range, zeros: zeros.base) : .rows(gradient, range), rateShare: share)
    }
  }

  private func update(_ gradient: UpdateSlice.Gradient, rateShare: Double) {
    var slice = UpdateSlice(
      weights: weights, moments: UnsafeBufferPointer(momentBases), gradient: gradient, kernels: kernels)
    optimizer.update(&slice, at: step.scaled(by: rateShare))
    if !slice.isFinite { overflow.store(true, ordering: .relaxed) }
  }
}
