import COptimizers
import Compute
import Keys

/// Adam (Kingma and Ba: Adam: A Method for Stochastic Optimization, ICLR 2015), and AdamW, whose weight decay doesn't go through
/// the moments (Loshchilov and Hutter: Decoupled Weight Decay Regularization, ICLR 2019), in PyTorch's form:
///
///     m = beta1 m + (1 - beta1) g    v = beta2 v + (1 - beta2) g^2
///     w = w - rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
package struct Adam: Optimizer {
  /// What weight decay does.
  package enum Decay: Sendable {
    /// It is added to the gradient: `adam`.
    case coupled
    /// It shrinks the weights beside the step: `adamw`.
    case decoupled
  }

  package let decay: Decay
  package var learningRate = 0.001
  package var beta1 = 0.9
  package var beta2 = 0.999
  package var epsilon = 1e-8
  package var weightDecay: Double

  package init(_ decay: Decay) {
    self.decay = decay
    weightDecay = decay == .decoupled ? 0.01 : 0
  }

  package var name: String { decay == .decoupled ? "adamw" : "adam" }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.value("learning_rate", &learningRate, .number(.positive), "step size")
    keys.value("beta1", &beta1, .number(.partialShare), "how slowly the mean of gradients forgets")
    keys.value("beta2", &beta2, .number(.partialShare), "how slowly the mean of squared gradients forgets")
    keys.value("epsilon", &epsilon, .number(.divisor), "keeps the division away from zero")
    keys.value("weight_decay", &weightDecay, .number(.nonNegative), "pull towards zero")
  }

  package var momentNames: [String] { ["exp_avg", "exp_avg_sq"] }
  package var movesWithoutGradient: Bool { true }

  package func update(_ slice: inout UpdateSlice, at step: UpdateStep) {
    let rate = Float(step.learningRate)
    let (correction1, correction2) = (1 / (1 - power(beta1, step.number)), 1 / (1 - power(beta2, step.number)))
    let isDecoupled = decay == .decoupled
    var settings = update_adam_settings(
      gradient_scale: step.gradientScale, corrected_rate: rate * Float(correction1), correction2: Float(correction2),
      beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon),
      weight_decay: isDecoupled ? 0 : Float(weightDecay), shrink: isDecoupled ? 1 - rate * Float(weightDecay) : 1)
    let set = slice.instructionSet
    slice.forEachStretch {
      update_adam(set, &settings, $0.weights, $0.gradient, $0.moment(0), $0.moment(1), $0.count)
    }
  }
}
