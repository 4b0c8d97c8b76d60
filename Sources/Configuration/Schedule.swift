import Keys

extension RunConfiguration {
  /// How the learning rate changes during a run.
  package enum Schedule: Sendable, Equatable {
    case constant
    case step(StepSchedule)
    case halving(HalvingSchedule)
    case cosine(CosineSchedule)
  }

  /// Multiplies the learning rate by a factor at regular epochs.
  package struct StepSchedule: Sendable, Equatable {
    /// Epochs from one change to the next.
    package var every = 1
    package var factor = 0.5
    /// Epochs before the first change.
    package var start = 1

    package init() {}
  }

  /// Once the validation loss falls by less than a share of itself in an epoch, lowers the learning rate after that
  /// epoch and every later one.
  package struct HalvingSchedule: Sendable, Equatable {
    package var threshold = 0.003
    package var factor = 0.5

    package init() {}
  }

  /// Rises from zero, then falls along half a cosine until the last step.
  package struct CosineSchedule: Sendable, Equatable {
    /// Steps of rising.
    package var warmup = 0
    /// The last learning rate, as a share of the top one.
    package var minimum = 0.0

    package init() {}
  }
}

extension RunConfiguration.Schedule: KeySection, KeyVariant {
  package static let selector = VariantSelector.value(ofKey: "name", noun: "schedule", help: "the schedule")

  package static let alternatives: [Self] = [
    .constant, .step(RunConfiguration.StepSchedule()), .halving(RunConfiguration.HalvingSchedule()),
    .cosine(RunConfiguration.CosineSchedule()),
  ]

  package var name: String {
    switch self {
    case .constant: "constant"
    case .step: "step"
    case .halving: "halving"
    case .cosine: "cosine"
    }
  }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .constant: break
    case .step(var schedule):
      schedule.visitKeys(&keys)
      self = .step(schedule)
    case .halving(var schedule):
      schedule.visitKeys(&keys)
      self = .halving(schedule)
    case .cosine(var schedule):
      schedule.visitKeys(&keys)
      self = .cosine(schedule)
    }
  }
}

extension RunConfiguration.StepSchedule: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("every", &every, .whole(1...1_000_000), "epochs from one change to the next")
    keys.value("factor", &factor, .number(.properShare), "what a change multiplies the learning rate by")
    keys.value("start", &start, .whole(1...1_000_000), "epochs before the first change")
  }
}

extension RunConfiguration.HalvingSchedule: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value(
      "threshold", &threshold, .number(.partialShare), "relative fall of the validation loss that is too little")
    keys.value("factor", &factor, .number(.properShare), "what every later epoch multiplies the learning rate by")
  }
}

extension RunConfiguration.CosineSchedule: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("warmup", &warmup, .whole(0...Int.max), "steps in which the learning rate rises from zero")
    keys.value("minimum", &minimum, .number(.share), "last learning rate, as a share of the top one")
  }
}
