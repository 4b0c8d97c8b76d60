import Compute
import Configuration

extension RunConfiguration.Training {
  /// Whether a mean of the parameters has begun: a function of where the run stands and of nothing else, as the learning rate
  /// is.
  func isAveraged(at state: TrainingState, stepsPerEpoch: Int) -> Bool {
    averagedSteps(at: state, stepsPerEpoch: stepsPerEpoch) > 0
  }

  /// Steps whose parameters the mean is of.
  private func averagedSteps(at state: TrainingState, stepsPerEpoch: Int) -> Int {
    guard let first = averaging?.firstEpoch(validationMeasures: state.validationMeasures) else { return 0 }
    return max(0, state.step - first * stepsPerEpoch)
  }

  /// What the parameters that the coming step makes weigh in the mean; nil where they don't count.
  func averagingWeight(at state: TrainingState, stepsPerEpoch: Int) -> Float? {
    guard let averaging, let first = averaging.firstEpoch(validationMeasures: state.validationMeasures),
      state.epoch >= first
    else { return nil }
    return averaging.weight(ofStep: averagedSteps(at: state, stepsPerEpoch: stepsPerEpoch) + 1)
  }
}

extension RunConfiguration.Averaging {
  /// The epochs that are done when averaging begins; nil where nothing says so yet.
  package func firstEpoch(validationMeasures: [Double]) -> Int? {
    switch self {
    case .exponential(let averaging): averaging.start
    case .mean(let averaging): averaging.start
    case .nonMonotone(let averaging): averaging.firstEpoch(validationMeasures: validationMeasures)
    }
  }

  /// What the newest parameters weigh in the mean.
  ///
  /// - Parameter number: counts the steps that the mean is of, from 1.
  package func weight(ofStep number: Int) -> Float {
    switch self {
    case .exponential(let averaging):
      // With the weights 1, decay, decay^2, ... of the steps so far, the newest one's share of their sum: what divides by
      // the sum as Adam's correction does, so that the first parameters don't weigh more than their share.
      Float((1 - averaging.decay) / (1 - power(averaging.decay, number)))
    case .mean, .nonMonotone: 1 / Float(number)
    }
  }
}

extension RunConfiguration.NonMonotoneAveraging {
  /// Algorithm 1 of the paper, with a check after each epoch. O(epochs).
  fileprivate func firstEpoch(validationMeasures: [Double]) -> Int? {
    let checks = validationMeasures.dropFirst(interval + 1)
    var best = Double.infinity
    // Beside each check the newest measure that it is held against.
    for (epoch, (measure, earlier)) in zip((interval + 2)..., zip(checks, validationMeasures)) {
      best = min(best, earlier)
      if measure > best { return epoch }
    }
    return nil
  }
}
