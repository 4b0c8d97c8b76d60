import Compute
import Configuration
import Models
import Synchronization

/// The second half of a step: norm, clipping and update, over flat arenas of one layout.
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
  private let squares: UnsafeMutableBufferPointer<Double>

  /// Floats in a block whose squares are summed on their own: fixed, since it decides the order of a sum.
  private static let normBlock = 16_384

  /// - Parameter clipNorm: the largest norm of a gradient; 0: no clipping.
  package init(
    _ configuration: RunConfiguration.Optimizer, clipNorm: Double, parameters: Parameters, gradients: Gradients
  ) {
    self.configuration = configuration
    self.clipNorm = clipNorm
    self.parameters = parameters
    self.gradients = gradients
    kernels = parameters.kernels
    let count = parameters.layout.floatCount
    moments = configuration.momentNames.map { Moment(name: $0, arena: Arena(count: count)) }
    updated = [parameters.values] + moments.map(\.arena)
    squares = .allocate(capacity: (count + Self.normBlock - 1) / Self.normBlock)
    squares.initialize(repeating: 0)
  }

  deinit { squares.deallocate() }

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
    let count = parameters.layout.floatCount
    let blocks = squares.count
    let block = { @Sendable (index: Int) in index * Self.normBlock..<min((index + 1) * Self.normBlock, count) }
    return [
      Phase("norm", jobs: { blocks }) { [self] job in
        let range = block(job)
        squares[job] = kernels.sumOfSquares(gradients.values.base + range.lowerBound, count: range.count)
      },
      Phase("norm", jobs: { 1 }) { [self] _ in
        gradientNorm = squares.reduce(0, +).squareRoot()
        // PyTorch's clip_grad_norm_ adds 1e-6, so that a norm of exactly the limit isn't scaled up.
        settings.gradient_scale = clipNorm > 0 ? Float(min(1, clipNorm / (gradientNorm + 1e-6))) : 1
      },
      Phase("update", jobs: { [self] in diverged ? 0 : blocks }) { [self] job in update(block(job)) },
    ]
  }

  private func update(_ range: Range<Int>) {
    let w = parameters.values.base + range.lowerBound
    let g = gradients.values.base + range.lowerBound
    func moment(_ index: Int) -> UnsafeMutablePointer<Float> { moments[index].arena.base + range.lowerBound }
    switch configuration {
    case .sgd:
      kernels.updateSGD(settings, w, gradient: g, velocity: moments.isEmpty ? nil : moment(0), count: range.count)
    case .rmsprop:
      kernels.updateRMSProp(settings, w, gradient: g, squares: moment(0), count: range.count)
    case .adam, .adamw:
      kernels.updateAdam(settings, w, gradient: g, moment1: moment(0), moment2: moment(1), count: range.count)
    }
    // While the block is in the cache. Squares of single precision are far from overflowing in double precision.
    for arena in updated where !kernels.sumOfSquares(arena.base + range.lowerBound, count: range.count).isFinite {
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
