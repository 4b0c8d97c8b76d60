import Compute
import Keys

/// Lion (Chen et al.: Symbolic Discovery of Optimization Algorithms, NeurIPS 2023, arXiv 2302.06675), its algorithm 2:
///
///     c = beta1 m + (1 - beta1) g    w = w - rate (sign(c) + weight_decay w)    m = beta2 m + (1 - beta2) g
///
/// Every weight moves by the learning rate itself: the paper takes rates 3 to 10 times smaller than Adam's, and a weight decay
/// as many times larger. The sign of zero is zero.
package struct Lion: Optimizer {
  package var learningRate = 0.0001
  package var beta1 = 0.9
  package var beta2 = 0.99
  package var weightDecay = 0.0

  package init() {}

  package var name: String { "lion" }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.value("learning_rate", &learningRate, .number(.positive), "step size")
    keys.value("beta1", &beta1, .number(.partialShare), "share of the mean of gradients in the direction of a step")
    keys.value("beta2", &beta2, .number(.partialShare), "how slowly the mean of gradients forgets")
    keys.value("weight_decay", &weightDecay, .number(.nonNegative), "pull towards zero")
  }

  package var momentNames: [String] { ["exp_avg"] }
  package var movesWithoutGradient: Bool { true }

  package func update(_ slice: inout UpdateSlice, at step: UpdateStep) {
    slice.forEachStretch {
      update($0.weights, gradient: $0.gradient, mean: $0.moment(0), count: $0.count, at: step)
    }
  }

  /// The update of elements side by side, which the compiler makes vectors of. Each operation is rounded on its own, and so
  /// has the same bits whatever instructions it is compiled to.
  package func update(
    _ weights: FloatPointer, gradient: UnsafePointer<Float>, mean: FloatPointer, count: Int, at step: UpdateStep
  ) {
    let (scale, rate, decay) = (step.gradientScale, Float(step.learningRate), Float(weightDecay))
    let (kept1, added1) = (Float(beta1), Float(1 - beta1))
    let (kept2, added2) = (Float(beta2), Float(1 - beta2))
    for i in 0..<count {
      let (w, g, m) = (weights[i], scale * gradient[i], mean[i])
      let c = kept1 * m + added1 * g
      let sign: Float = c > 0 ? 1 : c < 0 ? -1 : 0
      weights[i] = w - rate * (sign + decay * w)
      mean[i] = kept2 * m + added2 * g
    }
  }
}
