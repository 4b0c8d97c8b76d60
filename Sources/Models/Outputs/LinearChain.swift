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

/// A linear chain over one sentence: the sums and the maximum over all sequences of tags, or over those that are allowed.
///
///     s(y) = start[y_1] + e_1[y_1] + A[y_1, y_2] + e_2[y_2] + ... + e_T[y_T] + end[y_T]
///
/// Where all is finite, sums are of logarithms (Rabiner: A tutorial on hidden Markov models, Proc. IEEE 77, 1989, sections
/// III.A and III.B, here with scores in the place of probabilities). Cost: O(T classes²) multiplications, O(T classes)
/// exponentials and logarithms.
struct LinearChain {
  let scores: ChainScores
  let timeline: Timeline
  let sequence: Int
  /// [rows, classes] e of all sentences.
  let emissions: PanelMatrix
  /// [classes] numbers for the time of a call.
  let scratch: UnsafeMutablePointer<Double>

  typealias Vectors = UnsafeMutablePointer<Double>
  /// The tags of a timestep that count.
  typealias Allowed = (_ timestep: Int) -> Range<Int>

  private var classes: Int { scores.classes }
  /// At least one.
  var timesteps: Int { timeline.length(sequence) }
  /// Which row of vectors a timestep has.
  func row(_ timestep: Int) -> Int { timeline.row(timestep, sequence) }
  private func emission(_ timestep: Int, _ tag: Int) -> Double { Double(emissions[row(timestep), tag]) }

  private func vector(_ vectors: Vectors, _ timestep: Int) -> Vectors { vectors + row(timestep) * classes }

  /// [row][tag] log of the sum of e^s over the beginnings of sequences that end in a tag at a timestep. Only of tags that are
  /// allowed.
  func forward(into alpha: Vectors, _ allowed: Allowed) {
    let first = vector(alpha, 0)
    for tag in allowed(0) { first[tag] = scores.start.base[tag] + emission(0, tag) }
    for t in 1..<timesteps {
      let (before, now) = (vector(alpha, t - 1), vector(alpha, t))
      let largest = maximum(before, allowed(t - 1))
      let tags = allowed(t)
      for tag in tags { scratch[tag] = 0 }
      for previous in allowed(t - 1) {
        let weight = vanishingExponential(before[previous] - largest)
        let factors = scores.factors.base + previous * classes
        for tag in tags { scratch[tag] += weight * factors[tag] }
      }
      for tag in tags { now[tag] = emission(t, tag) + largest + naturalLogarithm(scratch[tag]) }
    }
  }

  /// [row][tag] the same over the ends of sequences that go on from a tag at a timestep, which is not among them.
  func backward(into beta: Vectors, _ allowed: Allowed) {
    let last = vector(beta, timesteps - 1)
    for tag in allowed(timesteps - 1) { last[tag] = scores.end.base[tag] }
    for t in (0..<timesteps - 1).reversed() {
      let (now, next) = (vector(beta, t), vector(beta, t + 1))
      let following = allowed(t + 1)
      var largest = -Double.infinity
      for tag in following {
        scratch[tag] = emission(t + 1, tag) + next[tag]
        largest = max(largest, scratch[tag])
      }
      for tag in following { scratch[tag] = vanishingExponential(scratch[tag] - largest) }
      for tag in allowed(t) {
        let factors = scores.factors.base + tag * classes
        var sum = 0.0
        for following in following { sum += factors[following] * scratch[following] }
        now[tag] = largest + naturalLogarithm(sum)
      }
    }
  }

  /// log of the sum of e^s over sequences that have one of some tags at a timestep.
  func logSum(_ alpha: Vectors, _ beta: Vectors, at timestep: Int, _ tags: Range<Int>) -> Double {
    let (alpha, beta) = (vector(alpha, timestep), vector(beta, timestep))
    var largest = -Double.infinity
    for tag in tags { largest = max(largest, alpha[tag] + beta[tag]) }
    var sum = 0.0
    for tag in tags { sum += vanishingExponential(alpha[tag] + beta[tag] - largest) }
    return largest + naturalLogarithm(sum)
  }

  /// Puts in the place of a timestep's alpha and beta what the probabilities of transitions are products of: that of tag i at
  /// t - 1 and tag j at t is alpha[t - 1][i] e^A[i, j] beta[t][j]. Tags that aren't allowed get zeros.
  ///
  /// The last timestep comes first: this needs the sums of the one before.
  func makeFactors(of alpha: Vectors, _ beta: Vectors, at timestep: Int, logSum: Double, _ allowed: Allowed) {
    let (ends, tags) = (vector(beta, timestep), allowed(timestep))
    if timestep > 0 {
      let largest = maximum(vector(alpha, timestep - 1), allowed(timestep - 1))
      for tag in 0..<classes {
        ends[tag] =
          tags.contains(tag) ? vanishingExponential(emission(timestep, tag) + ends[tag] + largest - logSum) : 0
      }
    }
    let (beginnings, largest) = (vector(alpha, timestep), maximum(vector(alpha, timestep), tags))
    for tag in 0..<classes {
      beginnings[tag] = tags.contains(tag) ? vanishingExponential(beginnings[tag] - largest) : 0
    }
  }

  private func maximum(_ vector: Vectors, _ tags: Range<Int>) -> Double {
    var largest = -Double.infinity
    for tag in tags { largest = max(largest, vector[tag]) }
    return largest
  }

  /// The sequence of tags with the highest score (Viterbi 1967); of equal ones that whose last tag is the first, and so on
  /// backwards.
  ///
  /// - Parameters:
  ///   - delta: [row][tag] gets the score of the best beginning that ends in a tag.
  ///   - previous: [row][tag] gets the tag before it there.
  func best(_ delta: Vectors, _ previous: UnsafeMutablePointer<Int32>, _ put: (_ timestep: Int, _ tag: Int) -> Void) {
    func place(_ t: Int) -> Int { row(t) * classes }
    for tag in 0..<classes { delta[place(0) + tag] = scores.start.base[tag] + emission(0, tag) }
    for t in 1..<timesteps {
      let before = vector(delta, t - 1)
      for tag in 0..<classes {
        var (best, score) = (0, -Double.infinity)
        for other in 0..<classes {
          let candidate = before[other] + scores.transitions.base[other * classes + tag]
          if candidate > score { (best, score) = (other, candidate) }
        }
        previous[place(t) + tag] = Int32(best)
        delta[place(t) + tag] = score + emission(t, tag)
      }
    }
    var (tag, score) = (0, -Double.infinity)
    for last in 0..<classes {
      let candidate = delta[place(timesteps - 1) + last] + scores.end.base[last]
      if candidate > score { (tag, score) = (last, candidate) }
    }
    for t in (0..<timesteps).reversed() {
      put(t, tag)
      if t > 0 { tag = Int(previous[place(t) + tag]) }
    }
  }
}
