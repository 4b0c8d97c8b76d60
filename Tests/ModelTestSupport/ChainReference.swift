import Foundation
import Models

/// A linear-chain conditional random field in double precision, straight from its definition: a sum over all sequences of
/// tags is a sum over the tags of one word after the other, logarithm by logarithm.
struct ChainReference {
  typealias Vector = Tape.Vector

  let tape: Tape
  /// [timestep]
  let emissions: [Vector]
  /// [from * classes + to], and [classes]
  let transitions, start, end: Vector

  private var classes: Int { start.value.count }

  /// log of the sum of e^score over the sequences of tags that are allowed.
  func logSum(_ allowed: [Range<Int>]) -> Vector {
    var alpha = (start + emissions[0])[allowed[0]]
    for t in emissions.indices.dropFirst() {
      let before = allowed[t - 1]
      alpha = tape.concatenated(
        allowed[t].map { tag in
          let scores = tape.concatenated(before.map { transitions[$0 * classes + tag..<$0 * classes + tag + 1] })
          return logSumExp(alpha + scores) + emissions[t][tag..<tag + 1]
        })
    }
    return logSumExp(alpha + end[allowed[emissions.count - 1]])
  }

  private func logSumExp(_ x: Vector) -> Vector { x.crossEntropy(0) + x[0..<1] }

  /// [timestep] -log p(target | targets before); nil without a target.
  func losses(_ targets: [Int?]) -> [Vector?] {
    func allowed(upTo end: Int) -> [Range<Int>] {
      targets.enumerated().map { t, target in t < end ? target.map { $0..<$0 + 1 } ?? 0..<classes : 0..<classes }
    }
    return targets.indices.map { t in
      if targets[t] == nil { return nil }
      return logSum(allowed(upTo: t)) + tape.vector([-1]).times(logSum(allowed(upTo: t + 1)))
    }
  }

  /// [timestep][tag] logarithms of the probabilities of single tags: the sum's derivatives by the emissions.
  func logMarginals() -> [[Double]] {
    let copy = Tape()
    let chain = ChainReference(
      tape: copy, emissions: emissions.map { copy.vector($0.value) }, transitions: copy.vector(transitions.value),
      start: copy.vector(start.value), end: copy.vector(end.value))
    copy.differentiate(chain.logSum(emissions.map { _ in 0..<classes }))
    return chain.emissions.map { $0.gradient.map(log) }
  }

  /// The tags of the sequence with the highest score.
  func best() -> [Int] {
    var paths = (0..<classes).map { (score: start.value[$0] + emissions[0].value[$0], tags: [$0]) }
    for t in emissions.indices.dropFirst() {
      paths = (0..<classes).map { tag in
        let scores = paths.enumerated().map { $1.score + transitions.value[$0 * classes + tag] }
        let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        return (scores[best] + emissions[t].value[tag], paths[best].tags + [tag])
      }
    }
    return paths.enumerated().max { $0.1.score + end.value[$0.0] < $1.1.score + end.value[$1.0] }?.1.tags ?? []
  }
}
