import Compute

/// A class of a model, a token or a tag, with what the model makes of it.
package struct RankedClass: Sendable, Equatable {
  package let id: Int32
  /// The natural logarithm of its probability among all classes.
  package let logProbability: Double

  package var probability: Double { vanishingExponential(logProbability) }

  /// The likeliest classes, the likeliest first; of equals, the smaller id.
  ///
  /// log p(c) = z_c - log of the sum of e^z over all classes, in double precision, summed in the order of ids.
  /// Cost: O(classes + count * log(count)) on average.
  ///
  /// - Parameters:
  ///   - count: fewer are returned only where there are fewer.
  ///   - logits: [classes]
  ///   - excluded: a class that isn't returned; it counts in the sum all the same.
  package static func likeliest(
    _ count: Int, by logits: UnsafeBufferPointer<Float>, excluding excluded: Int32? = nil
  ) -> [RankedClass] {
    let normalizer = logSum(logits)
    return largest(count, of: logits, excluding: excluded.map(Int.init)).map {
      RankedClass(id: Int32($0), logProbability: Double(logits[$0]) - normalizer)
    }
  }

  /// One class with its probability among all.
  ///
  /// Cost: O(classes).
  package static func of(_ id: Int32, by logits: UnsafeBufferPointer<Float>) -> RankedClass {
    RankedClass(id: id, logProbability: Double(logits[Int(id)]) - logSum(logits))
  }

  private static func largest(_ count: Int, of logits: UnsafeBufferPointer<Float>, excluding excluded: Int?) -> [Int] {
    let precedes = { (a: Int, b: Int) in logits[a] > logits[b] || (logits[a] == logits[b] && a < b) }
    // Twice as many as wanted are gathered before they are sorted, and half of them dropped: few are ever looked at twice.
    let most = 2 * min(count, logits.count)
    var found: [Int] = []
    var bound = -Float.infinity
    func cut() {
      found.sort(by: precedes)
      found.removeLast(max(0, found.count - count))
    }
    for id in logits.indices where id != excluded && !(logits[id] < bound) {
      found.append(id)
      guard found.count == most else { continue }
      cut()
      if found.count == count { bound = logits[found[count - 1]] }
    }
    cut()
    return found
  }

  private static func logSum(_ logits: UnsafeBufferPointer<Float>) -> Double {
    let largest = Double(logits.max() ?? 0)
    return largest + naturalLogarithm(logits.reduce(0) { $0 + vanishingExponential(Double($1) - largest) })
  }
}
