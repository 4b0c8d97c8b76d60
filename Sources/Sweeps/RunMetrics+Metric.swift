import ConfigurationFiles
import Training

extension RunMetrics {
  /// The best epoch's value among the first so many; nil if there is none.
  func best(_ metric: SweepConfiguration.Metric, within limit: Int?) -> Double? {
    epochs.prefix { $0.epoch <= limit ?? .max }.compactMap { $0[metric.name] }
      .reduce(nil) { best, value in best.map { metric.goal.prefers(value, to: $0) ? value : $0 } ?? value }
  }

  /// Epochs done, of the first so many.
  func done(within limit: Int?) -> Int { epochs.last { $0.epoch <= limit ?? .max }?.epoch ?? 0 }
}
