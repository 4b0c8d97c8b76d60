import Compute
import Models
import Synchronization

/// Settings of dynamic evaluation: parameters that follow the text (Krause et al.: Dynamic Evaluation of Neural Sequence
/// Models, ICML 2018). After every segment, whose loss is taken first, each parameter w with the segment's gradient g makes
/// the step
///
///     w += decay R (w_0 - w) - rate g / (RMS + epsilon)
///
/// where w_0 is the trained parameter, RMS the root mean square of its gradient over the training text, and R = RMS / (mean
/// RMS), at most 1 / decay.
package struct DynamicEvaluation: Sendable, Equatable {
  package var rate: Double
  package var decay: Double
  package var epsilon: Double
  /// Timesteps between two steps, which gradients flow back through.
  package var segment: Int
  /// Nil: plain SGD with decay, w += decay (w_0 - w) - rate g.
  package var statistics: GradientStatistics?

  package init(rate: Double, decay: Double, epsilon: Double = 2e-5, segment: Int = 5, statistics: GradientStatistics?) {
    self.rate = rate
    self.decay = decay
    self.epsilon = epsilon
    self.segment = segment
    self.statistics = statistics
  }
}

/// The steps of dynamic evaluation.
///
/// Embeddings that a segment doesn't read have no gradient, and only go back towards what was trained: they do so when they
/// are read next, all steps at once, w = w_0 + (w - w_0) (1 - decay R)^steps.
final class DynamicUpdate: @unchecked Sendable {
  // Unchecked: `step` is written between runs, `settled` by one job for each of its elements.

  private let parameters: Parameters
  private let gradients: Gradients
  /// What was trained, and RMS, of every parameter: arenas of the layout.
  private let trained, rms: Arena
  private let rate, epsilon, pull: Float
  /// [embeddings] the step up to which each has gone back.
  private let settled: Buffer<Int>
  private var step = 0
  private let overflow = Atomic<Bool>(false)

  /// - Parameter parameters: as they were trained; they are changed.
  init(_ settings: DynamicEvaluation, _ parameters: Parameters, _ gradients: Gradients) {
    self.parameters = parameters
    self.gradients = gradients
    let layout = parameters.layout
    trained = Arena(count: layout.floatCount)
    trained.base.update(from: parameters.values.base, count: layout.floatCount)
    rms = Arena(count: layout.floatCount)
    rate = Float(settings.rate)
    if let statistics = settings.statistics {
      statistics.put(into: rms, of: layout)
      epsilon = Float(settings.epsilon)
      pull = Float(settings.decay / statistics.mean)
    } else {
      rms.floats.update(repeating: 1)
      epsilon = 0
      pull = Float(settings.decay)
    }
    settled = Buffer(count: layout[layout.embedding].shape[0], repeating: 0)
  }

  /// Whether a step led to a parameter that isn't finite.
  var overflowed: Bool { overflow.load(ordering: .relaxed) }

  /// Begins a step, whose minibatch is going to run next.
  func begin() { step += 1 }

  // MARK: phases

  /// Before the forward pass: the embeddings that the minibatch reads go back by the steps that they weren't read in.
  func settlingPhase(of minibatch: Minibatch) -> Phase {
    let embedding = parameters.layout[parameters.layout.embedding]
    let isDense = embedding.gradientRows == .all || pull == 0
    return Phase(.input, jobs: { isDense ? 0 : minibatch.distinctCount }) { [self] slot in
      let row = Int(minibatch.distinctTokens.base[slot])
      let steps = step - 1 - settled.base[row]
      settled.base[row] = step
      guard steps > 0 else { return }
      let (pieces, width) = embedding.rowPieces
      for piece in 0..<pieces {
        settle(embedding.offset + piece * embedding.panels.stride + row * width, steps: steps)
      }
    }
  }

  /// A row of a panel.
  private func settle(_ offset: Int, steps: Int) {
    typealias Lanes = SIMD16<Float>
    func lanes(_ arena: Arena) -> Lanes { UnsafeRawPointer(arena.base + offset).loadUnaligned(as: Lanes.self) }
    let (w, trained, one) = (lanes(parameters.values), lanes(trained), Lanes(repeating: 1))
    var (kept, power, left) = (one, one - pointwiseMin(pull * lanes(rms), one), steps)
    while left > 0 {
      if left & 1 == 1 { kept *= power }
      power *= power
      left >>= 1
    }
    Watchdog.writes(parameters.values.base + offset, count: PanelShape.width)
    UnsafeMutableRawPointer(parameters.values.base + offset)
      .storeBytes(of: trained + (w - trained) * kept, as: Lanes.self)
  }

  /// After the backward pass: the step, and the transposed copies.
  func phases() -> [Phase] {
    gradients.stretches(.update) { [self] offset, gradient, count in
      let (w, trained, rms) = (parameters.values.base + offset, trained.base + offset, rms.base + offset)
      let (rate, epsilon, pull) = (rate, epsilon, pull)
      Watchdog.reads(gradient, count: count)
      Watchdog.writes(w, count: count)
      for i in 0..<count {
        let back = min(pull * rms[i], 1) * (trained[i] - w[i])
        w[i] += back - rate * gradient[i] / (rms[i] + epsilon)
      }
      if !parameters.kernels.areFinite(w, count: count) { overflow.store(true, ordering: .relaxed) }
    } + [parameters.renewalPhase()]
  }
}

extension GradientStatistics {
  /// Puts what there is of a model into an arena of its layout.
  fileprivate func put(into arena: Arena, of layout: ParameterLayout) {
    for parameter in layout.parameters {
      guard let tensor = tensors.first(where: { $0.name == parameter.name && $0.shape == parameter.shape }) else {
        preconditionFailure("there are statistics of another model: none of \(parameter.name)")
      }
      layout.setElements(of: parameter, in: arena, to: tensor.elements)
    }
  }
}
