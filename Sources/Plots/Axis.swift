/// One axis of a picture, or the scale of its colours.
package struct Axis: Sendable, Equatable {
  package enum Scale: Sendable, Equatable {
    case linear
    /// Of base 10. What isn't positive has no place on it.
    case logarithmic
    /// Names side by side; a value is the number of its name, from 0.
    case categories([String])
  }

  /// What is measured, with its unit: `loss (nats per target)`.
  package let label: String
  package let scale: Scale
  /// Values that the axis reaches to, whatever the data are.
  package let including: [Double]
  /// Whether there is nothing between two whole numbers, as with steps.
  package let isWhole: Bool
  /// Values that the axis doesn't reach beyond, whatever the data are: lines leave the picture there. Nil: it has room for all.
  package let limits: ClosedRange<Double>?
  /// What a linear axis spans at least, so that differences which mean nothing look like that.
  package let leastExtent: Double

  package init(
    _ label: String, scale: Scale = .linear, including: [Double] = [], isWhole: Bool = false,
    limits: ClosedRange<Double>? = nil, leastExtent: Double = 0
  ) {
    self.label = label
    self.scale = scale
    self.including = including
    self.isWhole = isWhole
    self.limits = limits
    self.leastExtent = leastExtent
  }
}

/// The part of an axis that a picture shows.
package struct Domain {
  let scale: Axis.Scale
  /// The ends, as `Axis.Scale.coordinate` has them.
  let low: Double
  let high: Double
  private(set) var ticks: [Tick]

  /// Of a category's name a picture shows so many characters at most.
  static let longestName = 22

  /// - Parameters:
  ///   - padding: the share of the extent that is left free at each end, but not beyond zero.
  ///   - tickCount: about how many ticks there is room for.
  package init(_ axis: Axis, values: some Sequence<Double>, padding: Double, tickCount: Int) {
    scale = axis.scale
    if case .categories(let names) = axis.scale {
      (low, high) = (-0.5, max(Double(names.count), 1) - 0.5)
      ticks = names.enumerated().map {
        Tick(value: Double($0.offset), label: $0.element.shortened(to: Self.longestName))
      }
      return
    }
    var extent: (low: Double, high: Double)?
    func include(_ value: Double) {
      guard let place = axis.scale.coordinate(of: value) else { return }
      extent = (min(extent?.low ?? place, place), max(extent?.high ?? place, place))
    }
    for value in values where axis.limits?.contains(value) ?? true { include(value) }
    for value in axis.including { include(value) }

    var (low, high) = extent ?? (0, 1)
    if low == high {
      let half =
        axis.scale == .logarithmic ? 0.5 : axis.leastExtent > 0 ? axis.leastExtent / 2 : low == 0 ? 1 : abs(low) / 2
      (low, high) = (low - half, high + half)
    } else if axis.scale == .linear, high - low < axis.leastExtent {
      let middle = (low + high) / 2
      (low, high) = (middle - axis.leastExtent / 2, middle + axis.leastExtent / 2)
    } else {
      let free = (high - low) * padding
      let mayCrossZero = axis.scale == .logarithmic || low < 0
      low = mayCrossZero ? low - free : max(low - free, 0)
      high += free
    }
    (self.low, self.high) = (low, high)
    ticks =
      axis.scale == .logarithmic
      ? Ticks.logarithmic(exponents: low...high, count: tickCount)
      : Ticks.linear(low...high, count: tickCount, isWhole: axis.isWhole)
  }

  /// The same with names of categories that fit side by side, if that leaves something of them.
  func fitting(width: Double) -> Domain {
    guard case .categories(let names) = scale else { return self }
    let room = Int(width / Double(max(names.count, 1)) / Layout.characterWidth) - 1
    guard room >= Self.shortestName else { return self }
    var domain = self
    domain.ticks = ticks.map { Tick(value: $0.value, label: $0.label?.shortened(to: room)) }
    return domain
  }

  private static let shortestName = 4

  /// Where a value is between the ends, from 0 to 1; nil if the axis has no place for it.
  package func share(of value: Double) -> Double? {
    scale.coordinate(of: value).map { ($0 - low) / (high - low) }
  }
}

extension Axis.Scale {
  /// A value, or its logarithm. No picture shows numbers beyond those limits, whose differences could overflow.
  fileprivate func coordinate(of value: Double) -> Double? {
    guard value.isFinite, value.magnitude < 1e100 else { return nil }
    if self != .logarithmic { return value }
    return value > 1e-100 ? base10(value) : nil
  }
}
