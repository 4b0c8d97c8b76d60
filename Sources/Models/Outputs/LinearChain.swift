import Compute

/// A linear chain over one sentence: the sums and the maximum over all sequences of tags, or over those that are allowed.
///
///     s(y) = start[y_1] + e_1[y_1] + A[y_1, y_2] + e_2[y_2] + ... + e_T[y_T] + end[y_T]
///
/// Where all is finite, sums are of logarithms (Rabiner: A tutorial on hidden Markov models, Proc. IEEE 77, 1989, sections
/// III.A and III.B, here with scores in the place of probabilities). Cost: O(T classes²) multiplications, O(T classes)
/// exponentials and logarithms.
///
/// All of it is plain numbers and pointers: a loop over sentences counts no references.
struct LinearChain {
  let scores: ChainScores.Pointers
  /// Which row of vectors each timestep has, of which there is at least one.
  let rows: SequenceRows
  /// [rows, classes] e of all sentences.
  let emissions: PanelMatrix
  /// [classes] numbers for the time of a call.
  let scratch: UnsafeMutablePointer<Double>

  typealias Vectors = UnsafeMutablePointer<Double>

  /// The tags of a timestep that count: all, or where there is a target that one.
  struct Allowed {
    let rows: SequenceRows
    /// [rows of the minibatch] nil: there are none.
    let targets: UnsafePointer<Int32>?
    let classes: Int

    func callAsFunction(_ timestep: Int) -> Range<Int> {
      guard let targets else { return 0..<classes }
      let target = targets[rows[timestep]]
      return target == Minibatch.masked ? 0..<classes : Int(target)..<Int(target) + 1
    }
  }

  private var classes: Int { scores.classes }
  private func emission(_ timestep: Int, _ tag: Int) -> Double { Double(emissions[rows[timestep], tag]) }

  private func vector(_ vectors: Vectors, _ timestep: Int) -> Vectors { vectors + rows[timestep] * classes }

  /// [row][tag] log of the sum of e^s over the beginnings of sequences that end in a tag at a timestep. Only of tags that are
  /// allowed.
  func forward(into alpha: Vectors, _ allowed: Allowed) {
    let first = vector(alpha, 0)
    for tag in allowed(0) { first[tag] = scores.start[tag] + emission(0, tag) }
    for t in 1..<rows.count {
      let (before, now) = (vector(alpha, t - 1), vector(alpha, t))
      let largest = maximum(before, allowed(t - 1))
      let tags = allowed(t)
      for tag in tags { scratch[tag] = 0 }
      for previous in allowed(t - 1) {
        let weight = vanishingExponential(before[previous] - largest)
        let factors = scores.factors + previous * classes
        for tag in tags { scratch[tag] += weight * factors[tag] }
      }
      for tag in tags { now[tag] = emission(t, tag) + largest + naturalLogarithm(scratch[tag]) }
    }
  }

  /// [row][tag] the same over the ends of sequences that go on from a tag at a timestep, which is not among them.
  func backward(into beta: Vectors, _ allowed: Allowed) {
    let last = vector(beta, rows.count - 1)
    for tag in allowed(rows.count - 1) { last[tag] = scores.end[tag] }
    for t in (0..<rows.count - 1).reversed() {
      let (now, next) = (vector(beta, t), vector(beta, t + 1))
      let following = allowed(t + 1)
      var largest = -Double.infinity
      for tag in following {
        scratch[tag] = emission(t + 1, tag) + next[tag]
        largest = max(largest, scratch[tag])
      }
      for tag in following { scratch[tag] = vanishingExponential(scratch[tag] - largest) }
      for tag in allowed(t) {
        let factors = scores.factors + tag * classes
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
  ///   - tags: [row] gets the sequence's tags.
  func best(_ delta: Vectors, _ previous: UnsafeMutablePointer<Int32>, _ tags: UnsafeMutablePointer<Int32>) {
    func place(_ t: Int) -> Int { rows[t] * classes }
    for tag in 0..<classes { delta[place(0) + tag] = scores.start[tag] + emission(0, tag) }
    for t in 1..<rows.count {
      let before = vector(delta, t - 1)
      for tag in 0..<classes {
        var (best, score) = (0, -Double.infinity)
        for other in 0..<classes {
          let candidate = before[other] + scores.transitions[other * classes + tag]
          if candidate > score { (best, score) = (other, candidate) }
        }
        previous[place(t) + tag] = Int32(best)
        delta[place(t) + tag] = score + emission(t, tag)
      }
    }
    var (tag, score) = (0, -Double.infinity)
    for last in 0..<classes {
      let candidate = delta[place(rows.count - 1) + last] + scores.end[last]
      if candidate > score { (tag, score) = (last, candidate) }
    }
    for t in (0..<rows.count).reversed() {
      tags[rows[t]] = Int32(tag)
      if t > 0 { tag = Int(previous[place(t) + tag]) }
    }
  }
}
