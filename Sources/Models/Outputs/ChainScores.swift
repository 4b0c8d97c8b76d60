import Compute

/// What a linear chain scores transitions by: A[i, j] from tag i to tag j, what a sentence begins with, and what it ends
/// with, in nats; in double precision.
///
/// The sums over sequences are products with e^A, which are safe while no transition has a score of more than `bound` nats
/// either way. Training that comes there has diverged.
final class ChainScores: @unchecked Sendable {
  // Unchecked: one job renews them, and no other runs meanwhile.

  let classes: Int
  /// [from * classes + to] A, and e^A.
  let transitions, factors: Buffer<Double>
  let start, end: Buffer<Double>
  /// Whether nothing is beyond the bound, infinite or not a number.
  private(set) var isSafe = false

  private static let bound = 300.0

  /// The same without owning it, for loops that count no references.
  struct Pointers {
    let classes: Int
    let transitions, factors, start, end: UnsafePointer<Double>
  }

  var pointers: Pointers {
    Pointers(
      classes: classes, transitions: UnsafePointer(transitions.base), factors: UnsafePointer(factors.base),
      start: UnsafePointer(start.base), end: UnsafePointer(end.base))
  }

  init(classes: Int) {
    self.classes = classes
    transitions = Buffer(count: classes * classes, repeating: 0)
    factors = Buffer(count: classes * classes, repeating: 1)
    start = Buffer(count: classes, repeating: 0)
    end = Buffer(count: classes, repeating: 0)
  }

  /// - Parameters:
  ///   - transitions: [from, to]
  ///   - start: [1, classes]; `end` likewise.
  func renew(from transitions: PanelMatrix, start: PanelMatrix, end: PanelMatrix) {
    isSafe = true
    func score(_ value: Float) -> Double {
      if !(value.magnitude <= Float(Self.bound)) { isSafe = false }
      return Double(value)
    }
    for tag in 0..<classes {
      (self.start[tag], self.end[tag]) = (score(start[0, tag]), score(end[0, tag]))
      for next in 0..<classes { self.transitions[tag * classes + next] = score(transitions[tag, next]) }
    }
    guard isSafe else { return }
    for index in 0..<classes * classes { factors[index] = exponential(self.transitions[index]) }
  }
}
