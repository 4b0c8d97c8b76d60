import Keys

extension RunConfiguration {
  /// What mean of its parameters a run's model is made of, while steps go on from the parameters themselves (Polyak and
  /// Juditsky: Acceleration of Stochastic Approximation by Averaging, SIAM Journal on Control and Optimization 30, 1992).
  package enum Averaging: Sendable, Equatable {
    case exponential(ExponentialAveraging)
    case mean(MeanAveraging)
    case nonMonotone(NonMonotoneAveraging)

    /// Whether it needs a validation split.
    package var followsValidation: Bool { if case .nonMonotone = self { true } else { false } }
  }

  /// The newer parameters are, the more they weigh: those of n steps before by a factor of `decay` to the n.
  package struct ExponentialAveraging: Sendable, Equatable {
    package var decay = 0.999
    /// Epochs before the first step that counts.
    package var start = 0

    package init() {}
  }

  /// All parameters from an epoch on weigh the same.
  package struct MeanAveraging: Sendable, Equatable {
    /// Epochs before the first step that counts.
    package var start = 1

    package init() {}
  }

  /// The plain mean, from the end of the first epoch on whose validation measure is worse than the best of all but the last
  /// few (NT-ASGD of Merity, Keskar and Socher: Regularizing and Optimizing LSTM Language Models, ICLR 2018).
  package struct NonMonotoneAveraging: Sendable, Equatable {
    /// Epochs that count as the last few: the paper's non-monotone interval.
    package var interval = 5

    package init() {}
  }
}

extension RunConfiguration.Averaging: KeySection, KeyVariant {
  package static let selector = VariantSelector.value(
    ofKey: "name", noun: "averaging",
    help:
      "which steps count: the newer the more (exponential), all alike (mean), or all alike from when validation stops "
      + "getting better (nt-asgd)")

  package static let alternatives: [Self] = [
    .exponential(RunConfiguration.ExponentialAveraging()), .mean(RunConfiguration.MeanAveraging()),
    .nonMonotone(RunConfiguration.NonMonotoneAveraging()),
  ]

  package var name: String {
    switch self {
    case .exponential: "exponential"
    case .mean: "mean"
    case .nonMonotone: "nt-asgd"
    }
  }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .exponential(var averaging):
      averaging.visitKeys(&keys)
      self = .exponential(averaging)
    case .mean(var averaging):
      averaging.visitKeys(&keys)
      self = .mean(averaging)
    case .nonMonotone(var averaging):
      averaging.visitKeys(&keys)
      self = .nonMonotone(averaging)
    }
  }

  /// What contradicts itself or the number of epochs.
  func objections(epochs: Int) -> [Objection] {
    let earliest =
      switch self {
      case .exponential(let averaging): (key: "start", epochs: averaging.start)
      case .mean(let averaging): (key: "start", epochs: averaging.start)
      // The first check that can fail comes behind the interval and one more.
      case .nonMonotone(let averaging): (key: "interval", epochs: averaging.interval + 2)
      }
    guard earliest.epochs >= epochs else { return [] }
    return [
      Objection(
        key: "training.averaging.\(earliest.key)",
        reason: "averaging begins after \(earliest.epochs) epochs at the earliest, and training ends after \(epochs)",
        otherKeys: ["training.epochs"])
    ]
  }
}

extension RunConfiguration.ExponentialAveraging: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("decay", &decay, .number(.properShare), "what parameters weigh less by with each later step")
    keys.value("start", &start, .whole(0...1_000_000), "epochs before the first step that counts")
  }
}

extension RunConfiguration.MeanAveraging: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("start", &start, .whole(0...1_000_000), "epochs before the first step that counts")
  }
}

extension RunConfiguration.NonMonotoneAveraging: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value(
      "interval", &interval, .whole(1...1_000_000),
      "averaging begins once validation is worse than the best of all epochs but so many last ones (Merity et al. 2018)"
    )
  }
}
