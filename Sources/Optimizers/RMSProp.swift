import COptimizers
import Keys

/// RMSProp (Hinton, Srivastava, Swersky: Neural Networks for Machine Learning, lecture 6e, 2012) in PyTorch's form:
///
///     s = alpha s + (1 - alpha) g^2    w = w - rate g / (sqrt(s) + epsilon)
package struct RMSProp: Optimizer {
  package var learningRate = 0.001
  package var alpha = 0.99
  package var epsilon = 1e-8

  package init() {}

  package var name: String { "rmsprop" }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.value("learning_rate", &learningRate, .number(.positive), "step size")
    keys.value("alpha", &alpha, .number(.partialShare), "how slowly the mean of squared gradients forgets")
    keys.value("epsilon", &epsilon, .number(.divisor), "keeps the division away from zero")
  }

  package var momentNames: [String] { ["square_avg"] }
  package var movesWithoutGradient: Bool { true }

  package func update(_ slice: inout UpdateSlice, at step: UpdateStep) {
    var settings = update_rmsprop_settings(
      gradient_scale: step.gradientScale, learning_rate: Float(step.learningRate), alpha: Float(alpha),
      epsilon: Float(epsilon))
    let set = slice.instructionSet
    slice.forEachStretch { update_rmsprop(set, &settings, $0.weights, $0.gradient, $0.moment(0), $0.count) }
  }
}
