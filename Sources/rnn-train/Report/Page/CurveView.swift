import Plots

/// Which part of some curves a picture shows: all, unless their first values are so far from the others that little would be
/// seen of these.
struct CurveView {
  private let scale: Axis.Scale
  private let limits: ClosedRange<Double>?
  private let leastExtent: Double
  /// The first values that lie beyond the picture, and where.
  private let beginnings: [(value: Double, side: String)]

  /// Of a curve's values so many at its beginning at most may be beyond the picture: one in so many, and one at least.
  private static let shareBeyond = 10
  /// How many times the extent of the other values they have to be away from these.
  private static let distance = 1.0
  /// What is seen of the way to them, as a share of that extent.
  private static let margin = 0.25

  /// - Parameters:
  ///   - logarithmicAbove: how many times the smallest value the largest one has to be for a logarithmic axis.
  ///   - leastExtent: what a linear axis spans at least.
  init(_ curves: [[Series.Point]], logarithmicAbove ratio: Double, leastExtent: Double = 0) {
    self.leastExtent = leastExtent
    let values = curves.map { $0.map(\.y).filter(\.isFinite) }
    // A curve of few values would be nowhere to be seen.
    func beyond(_ values: [Double]) -> Int { values.count < 3 ? 0 : max(1, values.count / Self.shareBeyond) }
    let rest = values.flatMap { $0.dropFirst(beyond($0)) }
    let first = values.flatMap { $0.prefix(beyond($0)) }
    if rest.count >= 3, let low = rest.min(), let high = rest.max(), high > low, let bottom = first.min(),
      let top = first.max()
    {
      let extent = max(high - low, leastExtent)
      let (isAbove, isBelow) = (top > high + Self.distance * extent, bottom < low - Self.distance * extent)
      if isAbove || isBelow {
        beginnings = (isAbove ? [(top, "above")] : []) + (isBelow ? [(bottom, "below")] : [])
        scale = Self.scale(ofValues: rest + (isAbove ? [] : [top]) + (isBelow ? [] : [bottom]), above: ratio)
        // A little of the way to the others is seen.
        let lower = isBelow ? low - Self.margin * extent : min(low, bottom)
        let upper = isAbove ? high + Self.margin * extent : max(high, top)
        limits = lower...upper
        return
      }
    }
    (scale, limits, beginnings) = (Self.scale(of: curves, above: ratio), nil, [])
  }

  func axis(_ label: String) -> Axis {
    Axis(
      label, scale: scale, including: limits.map { [$0.lowerBound, $0.upperBound] } ?? [], limits: limits,
      leastExtent: leastExtent)
  }

  /// What a reader has to know about the part that isn't seen.
  func note(_ text: (Double) -> String) -> String? {
    guard !beginnings.isEmpty else { return nil }
    let places = beginnings.map { "\($0.side) the picture, at \(text($0.value))" }
    return "It begins \(places.joined(separator: ", and "))."
  }

  /// Logarithmic, where the largest value is so many times the smallest that little could be seen on a linear axis.
  static func scale(of curves: [[Series.Point]], above ratio: Double) -> Axis.Scale {
    scale(ofValues: curves.flatMap { $0.map(\.y) }, above: ratio)
  }

  private static func scale(ofValues values: [Double], above ratio: Double) -> Axis.Scale {
    let positive = values.filter { $0.isFinite && $0 > 0 }
    guard let low = positive.min(), let high = positive.max(), high > ratio * low else { return .linear }
    return .logarithmic
  }
}
