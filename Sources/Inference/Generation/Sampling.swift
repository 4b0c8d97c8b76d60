import Compute
import Foundation

/// How the next token is drawn from the model's distribution.
package struct Sampling: Sendable, Equatable {
  /// Divides the logits: below 1 likely tokens become likelier; 0 takes the likeliest.
  package var temperature = 1.0
  /// Only the K likeliest tokens, if given.
  package var topK: Int?
  /// Only the likeliest tokens that together have this probability, if given.
  package var topP: Double?
  package var seed: UInt64 = 1

  package init() {}

  /// Draws a token.
  ///
  /// - Parameters:
  ///   - sample: counts the texts that are drawn side by side, from 0.
  ///   - position: counts the draws of a text; with the seed and the sample it decides the random number.
  ///   - excluded: a token that is never drawn.
  package func draw(_ logits: UnsafeBufferPointer<Float>, sample: Int = 0, position: Int, excluding excluded: Int32?)
    -> Int
  {
    var candidates = logits.indices.filter { $0 != excluded.map(Int.init) }
    if candidates.isEmpty { candidates = Array(logits.indices) }
    // Likeliest first; of equals, the smaller id.
    let precedes = { (a: Int, b: Int) in logits[a] > logits[b] || (logits[a] == logits[b] && a < b) }
    guard temperature > 0 else { return candidates.min(by: precedes) ?? 0 }
    if topK != nil || topP != nil { candidates.sort(by: precedes) }
    if let topK { candidates.removeLast(max(0, candidates.count - topK)) }
    let largest = Double(candidates.map { logits[$0] }.max() ?? 0)
    var weights = candidates.map { exp((Double(logits[$0]) - largest) / temperature) }
    var total = weights.reduce(0, +)
    if let topP {
      let needed = topP * total
      var sum = 0.0
      let count = weights.firstIndex { weight in
        sum += weight
        return sum >= needed
      }
      if let count {
        weights.removeLast(weights.count - count - 1)
        total = weights.reduce(0, +)
      }
    }
    var left = Philox(seed: seed).uniformDouble(.sampling, step: sample, position: position) * total
    for (candidate, weight) in zip(candidates, weights) {
      left -= weight
      if left < 0 { return candidate }
    }
    return candidates[weights.count - 1]
  }
}
