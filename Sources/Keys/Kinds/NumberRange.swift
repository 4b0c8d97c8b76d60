/// The numbers that a key allows, with bounds that are in or out on either side.
///
/// Numbers are compared in single precision, which training computes in: what rounds to a bound counts as the bound.
/// Infinity is in no range.
package struct NumberRange: CustomStringConvertible {
  private enum Bound {
    case none
    case including(Float)
    case excluding(Float)
  }

  private let lower: Bound
  private let upper: Bound
  package let description: String

  package static let any = NumberRange(lower: .none, upper: .none, description: "of either sign")
  package static let positive = NumberRange(lower: .excluding(0), upper: .none, description: "above 0")
  package static let nonNegative = NumberRange(lower: .including(0), upper: .none, description: "of at least 0")
  /// What can be divided by: above the numbers near zero that single precision holds with fewer digits, or as zero.
  package static let divisor = NumberRange(lower: .including(1e-37), upper: .none, description: "of at least 1e-37")
  package static let atLeastOne = NumberRange(lower: .including(1), upper: .none, description: "of at least 1")
  /// Any share of a whole.
  package static let share = NumberRange(lower: .including(0), upper: .including(1), description: "from 0 to 1")
  /// A share that isn't the whole.
  package static let partialShare = NumberRange(
    lower: .including(0), upper: .excluding(1), description: "of at least 0 and below 1")
  /// A share that is neither nothing nor the whole.
  package static let properShare = NumberRange(
    lower: .excluding(0), upper: .excluding(1), description: "above 0 and below 1")
  /// A share that leaves the larger part.
  package static let minority = NumberRange(
    lower: .excluding(0), upper: .excluding(0.5), description: "above 0 and below 0.5")

  package func contains(_ value: Float) -> Bool {
    let isAbove =
      switch lower {
      case .none: true
      case .including(let bound): value >= bound
      case .excluding(let bound): value > bound
      }
    let isBelow =
      switch upper {
      case .none: value.isFinite
      case .including(let bound): value <= bound
      case .excluding(let bound): value < bound
      }
    return isAbove && isBelow
  }
}
