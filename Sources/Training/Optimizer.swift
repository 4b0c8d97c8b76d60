import Compute
import Configuration
import Models
import Synchronization

/// The second half of a step: norm, clipping and update, over flat arenas of one layout, and row by row for parameters whose
/// gradient has some rows only.
///
/// What it keeps from step to step is `moments` alone; learning rate and step count are set before each step.
package final class Optimizer: @unchecked Sendable {
  // Unchecked: `settings` and the results are written between phases (by the training loop before a step, by the
  // one-job phase "norm" within it); arenas as Arena says.

  /// What an arena of the parameters' layout is kept for, in PyTorch's words.
  package struct Moment: Sendable {
    package let name: String
    package let arena: Arena
  }

  package let moments: [Moment]
  private let configuration: RunConfiguration.Optimizer
  private let clipNorm: Double
  /// Whether rows without a gradient are updated, too.
  private let updatesAllRows: Bool
  private let parameters: Parameters
  private let gradients: Gradients
  private let kernels: Kernels

  private var settings = Update()
  /// The gradient's norm in the last step, before clipping.
  package private(set) var gradientNorm = 0.0
  /// What an update writes: values and moments.
  private let updated: [Arena]
  private let overflow = Atomic<Bool>(false)
  /// Sums of squares of blocks of the gradient.
  private let squares: Buffer<Double>

  /// The gradient of rows that a step doesn't have.
  private let zeros = Arena(count: allRowsUnit * PanelShape.width)

  /// Floats in a block whose squares are summed on their own: fixed, since it decides the order of a sum.
  private static let normBlock = 16_384
  /// Rows that a job updates: of those that a step has, or of all.
  private static let (rowsUnit, allRowsUnit) = (64, 1024)

  /// - Parameters:
  ///   - clipNorm: the largest norm of a gradient; 0: no clipping.
  ///   - sparse: whether rows that have no gradient in a step keep weights and moments as they are, as with PyTorch's
  ///     SparseAdam. Where an update by a gradient of zero changes nothing, they do anyway.
  package init(
    _ configuration: RunConfiguration.Optimizer, clipNorm: Double, sparse: Bool = false, parameters: Parameters,
    gradients: Gradients
  ) {
    self.configuration = configuration
    self.clipNorm = clipNorm
    self.parameters = parameters
    self.gradients = gradients
    kernels = parameters.kernels
    updatesAllRows = !sparse && configuration.movesWithoutGradient
    let count = parameters.layout.floatCount
    moments = configuration.momentNames.map { Moment(name: $0, arena: Arena(count: count)) }
    updated = [parameters.values] + moments.map(\.arena)
    let pieces = gradients.byRows.reduce(0) { $0 + $1.pieceCount }
    squares = Buffer(
      count: (parameters.layout.denseCount + Self.normBlock - 1) / Self.normBlock + pieces, repeating: 0)
  }

  /// Sets what the coming step uses.
  ///
  /// - Parameter step: counts updates from 1.
  package func prepare(step: Int, learningRate: Double) {
    settings = configuration.update(step: step, learningRate: learningRate)
    overflow.store(false, ordering: .relaxed)
  }

  /// Whether the last step left the parameters alone because its gradient was not finite.
  package var diverged: Bool { !gradientNorm.isFinite }

  /// Whether the last step's update, of a gradient that was finite, led to a parameter or a moment that isn't.
  package var overflowed: Bool { overflow.load(ordering: .relaxed) }

  /// Norm, clipping factor, update. A gradient that isn't finite touches nothing.
  package func phases() -> [Phase] {
    let count = parameters.layout.denseCount
    let blocks = (count + Self.normBlock - 1) / Self.normBlock
    let block = { @Sendable (index: Int) in index * Self.normBlock..<min((index + 1) * Self.normBlock, count) }
    let pieces = gradients.byRows.flatMap { gradient in (0..<gradient.pieceCount).map { (gradient, $0) } }
    return [
      Phase(.norm, jobs: { blocks + pieces.count }) { [self] job in
        if job < blocks {
          let range = block(job)
          squares[job] = kernels.sumOfSquares(gradients.values.base + range.lowerBound, count: range.count)
        } else {
          let (gradient, index) = pieces[job - blocks]
          let piece = gradient.piece(index)
          squares[job] = piece.baseAddress.map { kernels.sumOfSquares($0, count: piece.count) } ?? 0
        }
      },
      Phase(.norm, jobs: { 1 }) { [self] _ in
        gradientNorm = squares.elements.reduce(0, +).squareRoot()
        // PyTorch's clip_grad_norm_ adds 1e-6, so that a norm of exactly the limit isn't scaled up.
        settings.gradient_scale = clipNorm > 0 ? Float(min(1, clipNorm / (gradientNorm + 1e-6))) : 1
      },
      Phase(.update, jobs: { [self] in diverged ? 0 : blocks }) { [self] job in
        let range = block(job)
        update(at: range.lowerBound, gradient: gradients.values.base + range.lowerBound, count: range.count)
      },
    ] + gradients.byRows.map(rowPhase)
  }

  /// The update of the rows that a step has, or of all.
  private func rowPhase(_ gradient: RowGradient) -> Phase {
    let (updatesAll, rows) = (updatesAllRows, gradient.rows)
    let unit = updatesAll ? Self.allRowsUnit : Self.rowsUnit
    let count = { @Sendable in updatesAll ? rows.total : rows.count }
    return Phase(.update, jobs: { [self] in diverged ? 0 : (count() + unit - 1) / unit }) { [self] job in
      let range = job * unit..<min((job + 1) * unit, count())
      if updatesAll {
        gradient.forEachStretch(ofAll: range, zeros: zeros.base) { update(at: $0, gradient: $1, count: $2) }
      } else {
        gradient.forEachStretch(ofPlaces: range) { update(at: $0, gradient: $1, count: $2) }
      }
    }
  }

  /// - Parameter offset: from the arenas' starts.
  private func update(at offset: Int, gradient g: UnsafePointer<Float>, count: Int) {
    let w = parameters.values.base + offset
    func moment(_ index: Int) -> UnsafeMutablePointer<Float> { moments[index].arena.base + offset }
    switch configuration {
    case .sgd:
      kernels.updateSGD(settings, w, gradient: g, velocity: moments.isEmpty ? nil : moment(0), count: count)
    case .rmsprop:
      kernels.updateRMSProp(settings, w, gradient: g, squares: moment(0), count: count)
    case .adam, .adamw:
      kernels.updateAdam(settings, w, gradient: g, moment1: moment(0), moment2: moment(1), count: count)
    }
    // While the block is in the cache.
    for arena in updated where !kernels.areFinite(arena.base + offset, count: count) {
      overflow.store(true, ordering: .relaxed)
    }
  }
}

extension RunConfiguration.Optimizer {
  /// Arenas that an optimizer keeps beside the parameters.
  var momentCount: Int { momentNames.count }

  /// By PyTorch's names.
  fileprivate var momentNames: [String] {
    switch self {
    case .sgd(let sgd): sgd.momentum == 0 ? [] : ["momentum_buffer"]
    case .rmsprop: ["square_avg"]
    case .adam, .adamw: ["exp_avg", "exp_avg_sq"]
    }
  }

  /// Whether an update by a gradient of zero changes anything.
  fileprivate var movesWithoutGradient: Bool {
    if case .sgd(let sgd) = self { sgd.momentum != 0 || sgd.weightDecay != 0 } else { true }
  }

  fileprivate func update(step: Int, learningRate: Double) -> Update {
    var update = Update()
    update.learning_rate = Float(learningRate)
    switch self {
    case .sgd(let sgd):
      update.momentum = Float(sgd.momentum)
      update.nesterov = sgd.nesterov
      update.weight_decay = Float(sgd.weightDecay)
    case .rmsprop(let rmsprop):
      update.decay = Float(rmsprop.alpha)
      update.epsilon = Float(rmsprop.epsilon)
    case .adam(let adam), .adamw(let adam):
      update.beta1 = Float(adam.beta1)
      update.beta2 = Float(adam.beta2)
      update.epsilon = Float(adam.epsilon)
      update.weight_decay = Float(adam.weightDecay)
      update.correction1 = Float(1 / (1 - power(adam.beta1, step)))
      update.correction2 = Float(1 / (1 - power(adam.beta2, step)))
      if case .adamw = self { update.decoupled = true }
    }
    return update
  }
}
