import COptimizers
import Keys

/// Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al.: On the importance of initialization and momentum
/// in deep learning, ICML 2013) in PyTorch's form:
///
///     g = gradient + weight_decay w    v = momentum v + g    w = w - rate (g + momentum v with nesterov, else v)
package struct SGD: Optimizer {
  package var learningRate = 1.0
  /// 0: no velocity is kept.
  package var momentum = 0.0
  package var nesterov = false
  package var weightDecay = 0.0

  package init() {}

  package var name: String { "sgd" }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.value("learning_rate", &learningRate, .number(.positive), "step size for the mean gradient per target")
    keys.value("momentum", &momentum, .number(.partialShare), "share of the last step that goes into the next")
    keys.value("nesterov", &nesterov, .flag, "whether momentum looks ahead")
    keys.value("weight_decay", &weightDecay, .number(.nonNegative), "pull towards zero, added to the gradient")
  }

  package var objections: [Objection] {
    guard nesterov, momentum == 0 else { return [] }
    return [Objection(key: "nesterov", reason: "needs a momentum above 0", otherKeys: ["momentum"])]
  }

  package var momentNames: [String] { momentum == 0 ? [] : ["momentum_buffer"] }
  package var keysOfMoments: [String] { ["momentum"] }
  package var movesWithoutGradient: Bool { momentum != 0 || weightDecay != 0 }

  package func update(_ slice: inout UpdateSlice, at step: UpdateStep) {
    var settings = update_sgd_settings(
      gradient_scale: step.gradientScale, learning_rate: Float(step.learningRate), momentum: Float(momentum),
      nesterov: nesterov, weight_decay: Float(weightDecay))
    let (set, keepsVelocity) = (slice.instructionSet, momentum != 0)
    slice.forEachStretch {
      update_sgd(set, &settings, $0.weights, $0.gradient, keepsVelocity ? $0.moment(0) : nil, $0.count)
    }
  }
}
