import Models

/// Parameters that go at a share of the learning rate only.
package struct RateShares: Sendable {
  private let shares: [Parameter.Handle: Double]
  /// Those that have gradients in all rows, in the order of memory.
  private let stretches: [(floats: Range<Int>, share: Double)]

  /// - Parameter shares: of each that there are; all others go at the whole rate.
  package init(_ shares: [Parameter.Handle: Double] = [:], of layout: ParameterLayout) {
    self.shares = shares
    stretches = shares.filter { layout[$0.key].gradientRows == .all }.map { (layout[$0.key].floats, $0.value) }
      .sorted { $0.0.lowerBound < $1.0.lowerBound }
  }

  /// A parameter's.
  subscript(parameter: Parameter.Handle) -> Double { shares[parameter] ?? 1 }

  /// Some floats of an arena in parts that go at one share each. Cost: O(parameters that there are shares of).
  func parts(of floats: Range<Int>) -> [(floats: Range<Int>, share: Double)] {
    var (parts, start) = ([(floats: Range<Int>, share: Double)](), floats.lowerBound)
    for stretch in stretches where stretch.floats.overlaps(floats) {
      let part = stretch.floats.clamped(to: floats)
      if part.lowerBound > start { parts.append((start..<part.lowerBound, 1)) }
      parts.append((part, stretch.share))
      start = part.upperBound
    }
    if floats.upperBound > start { parts.append((start..<floats.upperBound, 1)) }
    return parts
  }
}
