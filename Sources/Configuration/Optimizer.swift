import Keys

extension RunConfiguration {
  /// How parameters follow the gradient.
  package enum Optimizer: Sendable, Equatable {
    case sgd(SGD)
    case rmsprop(RMSProp)
    case adam(Adam)
    /// Adam with decoupled weight decay.
    case adamw(Adam)
  }

  package struct SGD: Sendable, Equatable {
    package var learningRate = 1.0
    package var momentum = 0.0
    package var nesterov = false
    package var weightDecay = 0.0

    package init() {}
  }

  package struct RMSProp: Sendable, Equatable {
    package var learningRate = 0.001
    package var alpha = 0.99
    package var epsilon = 1e-8

    package init() {}
  }

  package struct Adam: Sendable, Equatable {
    package var learningRate = 0.001
    package var beta1 = 0.9
    package var beta2 = 0.999
    package var epsilon = 1e-8
    package var weightDecay: Double

    package init(weightDecay: Double) { self.weightDecay = weightDecay }
  }
}

extension RunConfiguration.Optimizer: KeySection, KeyVariant {
  package static let selector = VariantSelector.value(ofKey: "name", noun: "optimizer", help: "the optimizer")

  package static let alternatives: [Self] = [
    .sgd(RunConfiguration.SGD()), .rmsprop(RunConfiguration.RMSProp()),
    .adam(RunConfiguration.Adam(weightDecay: 0)), .adamw(RunConfiguration.Adam(weightDecay: 0.01)),
  ]

  package var name: String {
    switch self {
    case .sgd: "sgd"
    case .rmsprop: "rmsprop"
    case .adam: "adam"
    case .adamw: "adamw"
    }
  }

  /// The top learning rate, which the schedule scales.
  package var learningRate: Double {
    switch self {
    case .sgd(let sgd): sgd.learningRate
    case .rmsprop(let rmsprop): rmsprop.learningRate
    case .adam(let adam), .adamw(let adam): adam.learningRate
    }
  }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .sgd(var sgd):
      sgd.visitKeys(&keys)
      self = .sgd(sgd)
    case .rmsprop(var rmsprop):
      rmsprop.visitKeys(&keys)
      self = .rmsprop(rmsprop)
    case .adam(var adam):
      adam.visitKeys(&keys)
      self = .adam(adam)
    case .adamw(var adam):
      adam.visitKeys(&keys)
      self = .adamw(adam)
    }
  }
}

extension RunConfiguration.SGD: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("learning_rate", &learningRate, .number(.positive), "step size for the mean gradient per target")
    keys.value("momentum", &momentum, .number(.partialShare), "share of the last step that goes into the next")
    keys.value("nesterov", &nesterov, .flag, "whether momentum looks ahead")
    keys.value("weight_decay", &weightDecay, .number(.nonNegative), "pull towards zero, added to the gradient")
  }
}

extension RunConfiguration.RMSProp: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("learning_rate", &learningRate, .number(.positive), "step size")
    keys.value("alpha", &alpha, .number(.partialShare), "how slowly the mean of squared gradients forgets")
    keys.value("epsilon", &epsilon, .number(.divisor), "keeps the division away from zero")
  }
}

extension RunConfiguration.Adam: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("learning_rate", &learningRate, .number(.positive), "step size")
    keys.value("beta1", &beta1, .number(.partialShare), "how slowly the mean of gradients forgets")
    keys.value("beta2", &beta2, .number(.partialShare), "how slowly the mean of squared gradients forgets")
    keys.value("epsilon", &epsilon, .number(.divisor), "keeps the division away from zero")
    keys.value("weight_decay", &weightDecay, .number(.nonNegative), "pull towards zero")
  }
}
