import Compute
import Configuration

extension RunConfiguration.Training {
  /// The learning rate of the coming step: a function of where the run stands and of nothing else, so that a resumed run
  /// has the same.
  ///
  /// - Parameter stepsPerEpoch: for schedules that run over all epochs.
  func learningRate(at state: TrainingState, stepsPerEpoch: Int) -> Double {
    optimizer.learningRate
      * schedule.factor(
        step: state.step, totalSteps: epochs * stepsPerEpoch, epoch: state.epoch,
        validationMeasures: state.validationMeasures) * power(0.5, state.rollbacks)
  }
}

extension RunConfiguration.Schedule {
  /// What the configured learning rate is multiplied by.
  ///
  /// - Parameters:
  ///   - step: steps done before this one.
  ///   - epoch: epochs done before this one.
  package func factor(step: Int, totalSteps: Int, epoch: Int, validationMeasures: [Double]) -> Double {
    switch self {
    case .constant: 1
    case .step(let schedule): schedule.factor(epoch: epoch)
    case .halving(let schedule): schedule.factor(validationMeasures: validationMeasures)
    case .cosine(let schedule): schedule.factor(step: step, totalSteps: totalSteps)
    }
  }
}

extension RunConfiguration.StepSchedule {
  fileprivate func factor(epoch: Int) -> Double {
    epoch < start ? 1 : power(factor, (epoch - start) / every + 1)
  }
}

extension RunConfiguration.HalvingSchedule {
  /// Mikolov's: the first fall of less than the threshold begins a phase in which every epoch lowers the rate.
  fileprivate func factor(validationMeasures: [Double]) -> Double {
    let flat = zip(validationMeasures, validationMeasures.dropFirst()).enumerated().first { _, pair in
      pair.0 - pair.1 < threshold * pair.0
    }
    guard let flat else { return 1 }
    // Entry i compares the epochs i and i + 1.
    return power(factor, validationMeasures.count - flat.offset - 1)
  }
}

extension RunConfiguration.CosineSchedule {
  fileprivate func factor(step: Int, totalSteps: Int) -> Double {
    if step < warmup { return Double(step + 1) / Double(warmup) }
    let progress = Double(step - warmup) / Double(max(totalSteps - warmup, 1))
    return minimum + (1 - minimum) * 0.5 * (1 + cosine(halfTurns: min(progress, 1)))
  }
}
