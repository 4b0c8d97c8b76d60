import Keys

/// How parameters follow the gradient: settings, and one update rule for any stretch of parameters.
///
/// An optimizer is a file with a type that conforms, and an entry in `OptimizerKey.all`. What it keeps from step to step are
/// moments: arenas of the parameters' layout, which `OptimizerStep` makes and checkpoints hold.
package protocol Optimizer: KeyAlternative {
  /// The top learning rate, which the schedule scales.
  var learningRate: Double { get }
  /// The moments that it keeps, by PyTorch's names.
  var momentNames: [String] { get }
  /// Keys whose values decide which moments there are: a run that has none of a moment can't go on with it.
  var keysOfMoments: [String] { get }
  /// Whether an update by a gradient of zero changes a parameter or a moment.
  var movesWithoutGradient: Bool { get }

  /// Updates the parameters and moments of a slice, element by element: results must not depend on where stretches begin
  /// or end, and zeros with gradients of zero have to stay zeros, since padding is such.
  func update(_ slice: inout UpdateSlice, at step: UpdateStep)
}

extension Optimizer {
  package var keysOfMoments: [String] { [] }
}

/// What is the same for all parameters in a step.
package struct UpdateStep: Sendable {
  /// Counts updates from 1.
  package let number: Int
  package fileprivate(set) var learningRate: Double
  /// What gradients are to be multiplied by first: the clipping factor.
  package fileprivate(set) var gradientScale: Float = 1

  package init(number: Int, learningRate: Double) {
    self.number = number
    self.learningRate = learningRate
  }

  /// The step of parameters that go at a share of the learning rate.
  func scaled(by share: Double) -> UpdateStep {
    var step = self
    step.learningRate *= share
    return step
  }

  /// The step as it is once the gradient's norm is known.
  func clipped(by factor: Float) -> UpdateStep {
    var step = self
    step.gradientScale = factor
    return step
  }
}

/// `training.optimizer`: one of all optimizers, with its settings.
@propertyWrapper
package struct OptimizerKey: KeySection, KeyVariant, Sendable {
  /// With their defaults, in the order in which documentation names them.
  private static let all: [any Optimizer] = [SGD(), RMSProp(), Adam(.coupled), Adam(.decoupled), Lion()]

  package static let selector = VariantSelector.value(ofKey: "name", noun: "optimizer", help: "the optimizer")
  package static let alternatives = all.map(OptimizerKey.init(wrappedValue:))

  package var wrappedValue: any Optimizer
  package var name: String { wrappedValue.name }

  package init(wrappedValue: any Optimizer) { self.wrappedValue = wrappedValue }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) { wrappedValue.visitSettings(&keys) }
}

extension OptimizerKey: Equatable {
  package static func == (a: OptimizerKey, b: OptimizerKey) -> Bool { a.wrappedValue == b.wrappedValue }
}
