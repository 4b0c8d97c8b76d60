import Foundation

/// How much of the differences between trials goes with one parameter alone: η² by Kruskal and Wallis' H (Tomczak and
/// Tomczak 2014). Trials are ranked by the metric, so that one that came to nothing counts for no more than its rank, and
/// grouped by the parameter's value; numbers that are drawn from a range are grouped by their quartiles.
///
///     H  = 12 / (n (n + 1)) sum over groups of (rank sum)² / size − 3 (n + 1), divided by the correction for ties
///     η² = (H − k + 1) / (n − k), at least 0; n trials in k groups
package struct ParameterImportance: Sendable {
  package let name: String
  /// From 0 to 1.
  package let share: Double
  package let groups: Int

  private static let quartiles = 4

  /// Nil where trials don't differ in the parameter, or are too few to tell.
  ///
  /// - Parameters:
  ///   - values: a parameter's value of each trial, as text.
  ///   - results: the metric's of the same trials.
  package init?(_ name: String, values: [String], results: [Double]) {
    let groups = Self.groups(values)
    let (n, k) = (results.count, Set(groups).count)
    guard k > 1, n > k + 1 else { return nil }
    let ranks = Self.ranks(results)
    let size = Double(n)
    let sums = Dictionary(grouping: zip(groups, ranks), by: \.0).values.map { pairs in
      let sum = pairs.reduce(0) { $0 + $1.1 }
      return sum * sum / Double(pairs.count)
    }
    let ties = Dictionary(grouping: ranks) { $0 }.values.reduce(0.0) {
      $0 + pow(Double($1.count), 3) - Double($1.count)
    }
    let correction = 1 - ties / (pow(size, 3) - size)
    // All trials came to the same.
    guard correction > 0 else { return nil }
    let h = (12 / (size * (size + 1)) * sums.reduce(0, +) - 3 * (size + 1)) / correction
    self.name = name
    share = min(max((h - Double(k) + 1) / Double(n - k), 0), 1)
    self.groups = k
  }

  /// From 1; equal results share the mean of theirs.
  private static func ranks(_ results: [Double]) -> [Double] {
    let order = results.indices.sorted { results[$0] < results[$1] }
    var ranks = Array(repeating: 0.0, count: results.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, results[order[end]] == results[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }

  private static func groups(_ values: [String]) -> [Int] {
    let distinct = Set(values).sorted()
    let numbers = values.compactMap(Double.init)
    guard distinct.count > quartiles + 1, numbers.count == values.count else {
      return values.map { distinct.firstIndex(of: $0) ?? 0 }
    }
    return ranks(numbers).map { Int(($0 - 1) * Double(quartiles) / Double(values.count)) }
  }
}
