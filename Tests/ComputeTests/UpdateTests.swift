import CKernels
import Compute
import Testing

/// An optimizer with its settings, and its formula in double precision as PyTorch's documentation states it.
struct UpdateRule: CustomTestStringConvertible, Sendable {
  enum Kind: Sendable {
    case sgd, momentum, rmsprop, adam
  }

  let name: String
  let kind: Kind
  let update: Update
  var testDescription: String { name }

  static let all = [
    UpdateRule("sgd", .sgd) { _ in },
    UpdateRule("sgd with weight decay", .sgd) { $0.weight_decay = 0.01 },
    UpdateRule("momentum", .momentum) { $0.momentum = 0.9 },
    UpdateRule("momentum with weight decay", .momentum) { ($0.momentum, $0.weight_decay) = (0.9, 0.01) },
    UpdateRule("nesterov", .momentum) { ($0.momentum, $0.nesterov, $0.weight_decay) = (0.8, true, 0.01) },
    UpdateRule("rmsprop", .rmsprop) { $0.decay = 0.99 },
    UpdateRule("rmsprop with weight decay", .rmsprop) { ($0.decay, $0.weight_decay) = (0.9, 0.05) },
    UpdateRule("adam", .adam) { _ in },
    UpdateRule("adam with weight decay", .adam) { $0.weight_decay = 0.05 },
    UpdateRule("adamw", .adam) { ($0.weight_decay, $0.decoupled) = (0.05, true) },
  ]

  init(_ name: String, _ kind: Kind, _ set: (inout Update) -> Void) {
    var update = Update()
    update.gradient_scale = 0.75
    update.learning_rate = 0.03
    (update.beta1, update.beta2) = (0.9, 0.999)
    // The third step.
    (update.correction1, update.correction2) = (1 / (1 - 0.9 * 0.9 * 0.9), 1 / (1 - 0.999 * 0.999 * 0.999))
    update.epsilon = 1e-8
    set(&update)
    self.name = name
    self.kind = kind
    self.update = update
  }

  /// The weight and the state after one step.
  func exact(_ w: Double, gradient: Double, _ first: Double, _ second: Double) -> (w: Double, Double, Double) {
    let rate = Double(update.learning_rate)
    let decay = Double(update.weight_decay)
    let epsilon = Double(update.epsilon)
    let g = Double(update.gradient_scale) * gradient + (update.decoupled ? 0 : decay * w)
    switch kind {
    case .sgd:
      return (w - rate * g, first, second)
    case .momentum:
      let momentum = Double(update.momentum)
      let velocity = momentum * first + g
      return (w - rate * (update.nesterov ? g + momentum * velocity : velocity), velocity, second)
    case .rmsprop:
      let squares = Double(update.decay) * first + (1 - Double(update.decay)) * g * g
      return (w - rate * g / (squares.squareRoot() + epsilon), squares, second)
    case .adam:
      let (beta1, beta2) = (Double(update.beta1), Double(update.beta2))
      let mean = beta1 * first + (1 - beta1) * g
      let squares = beta2 * second + (1 - beta2) * g * g
      let shrunk = update.decoupled ? w * (1 - rate * decay) : w
      let step = rate * mean * Double(update.correction1)
      return (shrunk - step / ((squares * Double(update.correction2)).squareRoot() + epsilon), mean, squares)
    }
  }

  /// Updates `w` and the state.
  func apply(
    _ kernels: Kernels, _ w: GuardedFloats, gradient: GuardedFloats, _ first: GuardedFloats, _ second: GuardedFloats
  ) {
    switch kind {
    case .sgd: kernels.updateSGD(update, w.pointer, gradient: gradient.pointer, velocity: nil, count: w.count)
    case .momentum:
      kernels.updateSGD(update, w.pointer, gradient: gradient.pointer, velocity: first.pointer, count: w.count)
    case .rmsprop:
      kernels.updateRMSProp(update, w.pointer, gradient: gradient.pointer, squares: first.pointer, count: w.count)
    case .adam:
      kernels.updateAdam(
        update, w.pointer, gradient: gradient.pointer, moment1: first.pointer, moment2: second.pointer, count: w.count)
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
      rule.apply(.portable, expected.w, gradient: expected.gradient, expected.first, expected.second)
      for kernels in Kernels.available {
        let operands = Operands(count: count, seed: UInt64(count))
        let gradient = operands.gradient.values
        rule.apply(kernels, operands.w, gradient: operands.gradient, operands.first, operands.second)
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
    rule.apply(.portable, after.w, gradient: after.gradient, after.first, after.second)
    for i in 0..<count {
      let w = Double(before.w.pointer[i])
      let exact = rule.exact(
        w, gradient: Double(before.gradient.pointer[i]), Double(before.first.pointer[i]),
        Double(before.second.pointer[i]))
      // A few roundings of terms that are no larger than the weight, the step and the state.
      func near(_ result: Float, _ exact: Double, _ old: Double) -> Bool {
        abs(Double(result) - exact) <= 4e-7 * (abs(exact) + abs(exact - old) + abs(old))
      }
      #expect(near(after.w.pointer[i], exact.w, w))
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
      for _ in 0..<3 { rule.apply(kernels, w, gradient: gradient, first, second) }
      #expect((w.values + first.values + second.values).allSatisfy { $0 == 0 })
    }
  }
}
