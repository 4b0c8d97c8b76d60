import Datasets
import Presentation

/// A value of an epoch's line in `metrics.jsonl` that models are compared by.
package struct Measure: Sendable {
  /// What is measured, as the names of fields end: `loss`.
  private let quantity: String
  private let split: Split
  /// `validation loss`
  package let name: String
  /// The name with its unit.
  package let label: String
  package let goal: Goal
  /// A value as people read it.
  package let text: @Sendable (Double) -> String

  /// Which values are better.
  package enum Goal: String, CaseIterable, Sendable {
    case minimize, maximize

    package func prefers(_ a: Double, to b: Double) -> Bool { self == .minimize ? a < b : a > b }
  }

  package init(
    _ quantity: String, on split: Split, name: String, label: String, goal: Goal,
    text: @escaping @Sendable (Double) -> String
  ) {
    self.quantity = quantity
    self.split = split
    self.name = name
    self.label = label
    self.goal = goal
    self.text = text
  }

  /// The name of the value there.
  package var field: String { field(on: split) }

  /// The name of the same quantity's value on a split.
  package func field(on split: Split) -> String { "\(split.rawValue)_\(quantity)" }

  // A checkpoint holds what is the better the lower it is: a share that is to rise, as the rest of it.

  /// What a checkpoint holds for a value.
  package func cost(of value: Double) -> Double { goal == .minimize ? value : 1 - value }

  /// The value that a checkpoint holds the cost of.
  package func value(ofCost cost: Double) -> Double { goal == .minimize ? cost : 1 - cost }

  // MARK: those of every task

  package static let validationLoss = Measure(
    "loss", on: .validation, name: "validation loss", label: "validation loss (nats per target)", goal: .minimize,
    text: Format.loss)
  package static let trainLoss = Measure(
    "loss", on: .train, name: "training loss", label: "training loss (nats per target)", goal: .minimize,
    text: Format.loss)
}

extension Measure: Equatable {
  package static func == (a: Measure, b: Measure) -> Bool { a.field == b.field }
}

/// A curve by epoch: what is drawn of the training loss and of the measure.
package struct EpochCurve: Sendable {
  package let name: String
  /// What its axis says.
  package let unit: String
  /// Of a training loss; nil where that says nothing about it.
  package let training: (@Sendable (Double) -> Double)?
  /// Of a value of the measure.
  package let validation: @Sendable (Double) -> Double
  /// What the axis spans at least: less is a matter of a few targets.
  package let leastExtent: Double

  package init(
    _ name: String, unit: String, training: (@Sendable (Double) -> Double)?, leastExtent: Double = 0,
    validation: @escaping @Sendable (Double) -> Double
  ) {
    self.name = name
    self.unit = unit
    self.leastExtent = leastExtent
    self.training = training
    self.validation = validation
  }
}
