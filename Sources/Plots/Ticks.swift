import Glibc

/// A place on an axis that is marked.
package struct Tick: Equatable {
  package let value: Double
  /// Nil for a smaller mark without a number.
  package let label: String?
}

package func base10(_ value: Double) -> Double { log10(value) }

/// Round numbers to mark an axis with.
package enum Ticks {
  /// Multiples of 1, 2 or 5 times a power of ten.
  ///
  /// - Parameter isWhole: whether they have to be whole numbers.
  package static func linear(_ range: ClosedRange<Double>, count: Int, isWhole: Bool = false) -> [Tick] {
    let share = (range.upperBound - range.lowerBound) / Double(max(count, 1))
    let raw = isWhole ? max(share, 1) : share
    guard raw > 0, raw.isFinite else { return [] }
    var exponent = Int(log10(raw).rounded(.down))
    let fraction = raw / pow(10, Double(exponent))
    let mantissa = [1, 2, 5].first { fraction <= Double($0) + 1e-6 } ?? 1
    if fraction > 5 + 1e-6 { exponent += 1 }

    let step = Decimal(mantissa, exponent: exponent).value
    // A hair's breadth is allowed for, so that the end of 0...0.3 is a multiple of 0.1.
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard first <= last, max(abs(first), abs(last)) < 1e14 else { return [] }
    let decimals = (Int(first)...Int(last)).map { Decimal($0 * mantissa, exponent: exponent) }
    return zip(decimals, Decimal.labels(decimals)).map { Tick(value: $0.value, label: $1) }
  }

  /// Powers of ten; over less than two of them 1, 2 and 5 times those; over very little what a linear axis has.
  ///
  /// - Parameter exponents: the logarithms of the ends.
  package static func logarithmic(exponents: ClosedRange<Double>, count: Int) -> [Tick] {
    let decades = exponents.upperBound - exponents.lowerBound
    if decades < 0.8 {
      return linear(pow(10, exponents.lowerBound)...pow(10, exponents.upperBound), count: count)
    }
    let powers = Int(exponents.lowerBound.rounded(.down))...Int(exponents.upperBound.rounded(.down))
    let labelled = decades < 2 ? [1, 2, 5] : [1]
    let stride = max(1, Int((decades / Double(max(count, 1))).rounded(.up)))
    var marks: [(decimal: Decimal, isLabelled: Bool)] = []
    for power in powers {
      for mantissa in 1...9 where mantissa == 1 || decades <= 8 {
        let decimal = Decimal(mantissa, exponent: power)
        let place = log10(decimal.value)
        guard place >= exponents.lowerBound - 1e-9, place <= exponents.upperBound + 1e-9 else { continue }
        marks.append((decimal, labelled.contains(mantissa) && power % stride == 0))
      }
    }
    var labels = Decimal.labels(marks.filter(\.isLabelled).map(\.decimal))[...]
    return marks.map { Tick(value: $0.decimal.value, label: $0.isLabelled ? labels.popFirst() : nil) }
  }
}
