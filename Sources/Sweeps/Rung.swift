import Configuration
import ConfigurationFiles

/// A part of a sweep whose trials can run in any order; what they come to decides who is in the next.
package struct Rung: Sendable, Equatable {
  /// The epochs after which a trial pauses; nil: it trains to its end.
  package let epochs: Int?
  /// How many trials there are.
  package let count: Int

  package init(epochs: Int?, count: Int) {
    self.epochs = epochs
    self.count = count
  }

  /// The rungs of a sweep.
  ///
  /// - Parameter epochs: of a trial that trains to its end.
  package static func ladder(_ method: SweepConfiguration.Method, trials: Int, epochs: Int) -> [Rung] {
    guard case .asha(let halving) = method else { return [Rung(epochs: nil, count: trials)] }
    var rungs: [Rung] = []
    var (reach, count) = (halving.minEpochs, trials)
    while reach < epochs {
      rungs.append(Rung(epochs: reach, count: count))
      count = max(1, count / halving.reductionFactor)
      reach *= halving.reductionFactor
    }
    return rungs + [Rung(epochs: nil, count: count)]
  }

  /// The trials of a rung that are in this one, the next: the best, of equals those with the lower numbers. A trial without
  /// a value, one that failed, never is.
  ///
  /// - Parameter values: what the trials of the rung before came to, by their numbers.
  /// - Returns: numbers in ascending order.
  package func promoted(from values: [Int: Double], goal: Measure.Goal) -> [Int] {
    let ranked = values.sorted { a, b in
      a.value == b.value ? a.key < b.key : goal.prefers(a.value, to: b.value)
    }
    return ranked.prefix(count).map(\.key).sorted()
  }
}
