import COptimizers
import Compute
import ComputeTestSupport
import Optimizers
import Testing

/// An optimizer's loop with settings, and its formula in double precision as PyTorch's documentation states it, or its paper.
struct UpdateRule: CustomTestStringConvertible, Sendable {
  let name: String
  /// Updates `w` and the state.
  let apply: @Sendable (Kernels, _ w: GuardedFloats, _ gradient: GuardedFloats, GuardedFloats, GuardedFloats) -> Void
  /// The weight and the state after one step.
  let exact: @Sendable (_ w: Double, _ gradient: Double, _ first: Double, _ second: Double) -> (Double, Double, Double)
  var testDescription: String { name }

  static let all = [
    sgd("sgd"),
    sgd("sgd with weight decay", weightDecay: 0.01),
    sgd("momentum", momentum: 0.9),
    sgd("momentum with weight decay", momentum: 0.9, weightDecay: 0.01),
    sgd("nesterov", momentum: 0.8, nesterov: true, weightDecay: 0.01),
    rmsprop("rmsprop", alpha: 0.99),
    rmsprop("rmsprop that forgets faster", alpha: 0.9),
    adam("adam"),
    adam("adam with weight decay", weightDecay: 0.05),
    adam("adamw", weightDecay: 0.05, isDecoupled: true),
    lion("lion"),
    lion("lion with weight decay", weightDecay: 0.5),
  ]

  private static let (scale, rate, epsilon): (Float, Float, Float) = (0.75, 0.03, 1e-8)

  private static func sgd(_ name: String, momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) -> Self {
    Self(name: name) { kernels, w, gradient, first, _ in
      var settings = update_sgd_settings(
        gradient_scale: scale, learning_rate: rate, momentum: momentum, nesterov: nesterov, weight_decay: weightDecay)
      update_sgd(
        kernels.instructionSet, &settings, w.pointer, gradient.pointer, momentum == 0 ? nil : first.pointer, w.count)
    } exact: { w, gradient, first, second in
      let (rate, momentum) = (Double(rate), Double(momentum))
      let g = Double(scale) * gradient + Double(weightDecay) * w
      if momentum == 0 { return (w - rate * g, first, second) }
      let velocity = momentum * first + g
      return (w - rate * (nesterov ? g + momentum * velocity : velocity), velocity, second)
    }
  }

  private static func rmsprop(_ name: String, alpha: Float) -> Self {
    Self(name: name) { kernels, w, gradient, first, _ in
      var settings = update_rmsprop_settings(
        gradient_scale: scale, learning_rate: rate, alpha: alpha, epsilon: epsilon)
      update_rmsprop(kernels.instructionSet, &settings, w.pointer, gradient.pointer, first.pointer, w.count)
    } exact: { w, gradient, first, second in
      let g = Double(scale) * gradient
      let squares = Double(alpha) * first + (1 - Double(alpha)) * g * g
      return (w - Double(rate) * g / (squares.squareRoot() + Double(epsilon)), squares, second)
    }
  }

  /// The third step.
  private static func adam(_ name: String, weightDecay: Float = 0, isDecoupled: Bool = false) -> Self {
    let (beta1, beta2): (Float, Float) = (0.9, 0.999)
    let correction1: Float = 1 / (1 - 0.9 * 0.9 * 0.9)
    let correction2: Float = 1 / (1 - 0.999 * 0.999 * 0.999)
    return Self(name: name) { kernels, w, gradient, first, second in
      var settings = update_adam_settings(
        gradient_scale: scale, corrected_rate: rate * correction1, correction2: correction2, beta1: beta1, beta2: beta2,
        epsilon: epsilon, weight_decay: isDecoupled ? 0 : weightDecay,
        shrink: isDecoupled ? 1 - rate * weightDecay : 1)
      update_adam(
        kernels.instructionSet, &settings, w.pointer, gradient.pointer, first.pointer, second.pointer, w.count)
    } exact: { w, gradient, first, second in
      let (rate, beta1, beta2, decay) = (Double(rate), Double(beta1), Double(beta2), Double(weightDecay))
      let g = Double(scale) * gradient + (isDecoupled ? 0 : decay * w)
      let mean = beta1 * first + (1 - beta1) * g
      let squares = beta2 * second + (1 - beta2) * g * g
      let shrunk = isDecoupled ? w * (1 - rate * decay) : w
      let step = rate * mean * Double(correction1)
      return (shrunk - step / ((squares * Double(correction2)).squareRoot() + Double(epsilon)), mean, squares)
    }
  }

  private static func lion(_ name: String, weightDecay: Double = 0) -> Self {
    var settings = Lion()
    settings.weightDecay = weightDecay
    let (lion, step) = (settings, UpdateStep(number: 3, learningRate: Double(rate)))
    return Self(name: name) { _, w, gradient, first, _ in
      lion.update(w.pointer, gradient: gradient.pointer, mean: first.pointer, count: w.count, at: step)
    } exact: { w, gradient, first, second in
      let c = lion.beta1 * first + (1 - lion.beta1) * gradient
      let direction: Double = c == 0 ? 0 : c.sign == .minus ? -1 : 1
      let moved = w - step.learningRate * (direction + weightDecay * w)
      return (moved, lion.beta2 * first + (1 - lion.beta2) * gradient, second)
    }
  }
}

@Suite struct UpdateTests {
  /// Weights, gradients and both states of some parameters.
  private struct Operands {
    let w, gradient, first, second: GuardedFloats

    init(count: Int, seed: UInt64) {
      var random = TestRandom(state: seed)
      w = GuardedFloats(random.floats(count))
      gradient = GuardedFloats(random.floats(count, in: -5...5))
      // Neither state of the kinds that square is ever negative.
      first = GuardedFloats(random.floats(count, in: 0.01...2))
      second = GuardedFloats(random.floats(count, in: 0.01...2))
    }

    var written: [Float] { w.values + first.values + second.values }
    var isIntact: Bool { w.isIntact && gradient.isIntact && first.isIntact && second.isIntact }
  }

  @Test(arguments: UpdateRule.all)
  func tablesAgreeAndNothingElseIsWritten(rule: UpdateRule) {
    for count in Array(0...70) + [1001] {
      let expected = Operands(count: count, seed: UInt64(count))
      rule.apply(.portable, expected.w, expected.gradient, expected.first, expected.second)
      for kernels in Kernels.available {
        let operands = Operands(count: count, seed: UInt64(count))
        let gradient = operands.gradient.values
        rule.apply(kernels, operands.w, operands.gradient, operands.first, operands.second)
        #expect(sameBits(operands.written, expected.written), "\(kernels.name), \(count)")
        #expect(operands.isIntact && sameBits(operands.gradient.values, gradient))
      }
    }
  }

  @Test(arguments: UpdateRule.all)
  func stepsFollowTheFormula(rule: UpdateRule) {
    let count = 1001
    let before = Operands(count: count, seed: 14)
    let after = Operands(count: count, seed: 14)
    rule.apply(.portable, after.w, after.gradient, after.first, after.second)
    for i in 0..<count {
      let w = Double(before.w.pointer[i])
      let exact = rule.exact(
        w, Double(before.gradient.pointer[i]), Double(before.first.pointer[i]),
        Double(before.second.pointer[i]))
      // A few roundings of terms that are no larger than the weight, the step and the state.
      func near(_ result: Float, _ exact: Double, _ old: Double) -> Bool {
        abs(Double(result) - exact) <= 4e-7 * (abs(exact) + abs(exact - old) + abs(old))
      }
      #expect(near(after.w.pointer[i], exact.0, w))
      #expect(near(after.first.pointer[i], exact.1, Double(before.first.pointer[i])))
      #expect(near(after.second.pointer[i], exact.2, Double(before.second.pointer[i])))
    }
  }

  /// Padding between parameters holds zeros and has no gradient: no optimizer may wake it.
  @Test(arguments: UpdateRule.all)
  func zerosStayZero(rule: UpdateRule) {
    func zeros() -> GuardedFloats { GuardedFloats([Float](repeating: 0, count: 37)) }
    for kernels in Kernels.available {
      let (w, gradient, first, second) = (zeros(), zeros(), zeros(), zeros())
      for _ in 0..<3 { rule.apply(kernels, w, gradient, first, second) }
      #expect((w.values + first.values + second.values).allSatisfy { $0 == 0 })
    }
  }
}
