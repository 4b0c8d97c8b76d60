import Compute

/// The distribution that a sampled output layer draws classes from: id k with the probability log((k + 2) / (k + 1)) /
/// log(classes + 1), close to Zipf's law for ids that were given out by frequency (as TensorFlow's
/// `log_uniform_candidate_sampler`).
///
/// Nothing but correctly rounded operations decides which classes are drawn and what they count for: the same on
/// every machine.
package struct LogUniformProposal: Sendable {
  package let classes: Int
  /// log(classes + 1)
  private let scale: Double

  package init(classes: Int) {
    self.classes = classes
    scale = naturalLogarithm(Double(classes + 1))
  }

  /// The class that a number in [0, 1) draws.
  package func draw(_ number: Double) -> Int {
    min(max(Int(exponential(number * scale)) - 1, 0), classes - 1)
  }

  package func probability(of id: Int) -> Double { naturalLogarithm(Double(id + 2) / Double(id + 1)) / scale }

  /// The probability that a class is among so many draws: 1 - (1 - p)^draws.
  package func inclusion(of id: Int, draws: Int) -> Double { 1 - power(1 - probability(of: id), draws) }
}
