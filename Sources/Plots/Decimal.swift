import Glibc

/// A short decimal number that is known exactly, and how it is written at an axis.
struct Decimal: Equatable {
  let mantissa: Int
  let exponent: Int

  init(_ mantissa: Int, exponent: Int) {
    self.mantissa = mantissa
    self.exponent = exponent
  }

  /// The closest number.
  var value: Double {
    exponent < 0 ? Double(mantissa) / pow(10, Double(-exponent)) : Double(mantissa) * pow(10, Double(exponent))
  }

  /// How the numbers of one axis are written: all in the same manner.
  static func labels(_ decimals: [Decimal]) -> [String] {
    let largest = decimals.map { abs($0.value) }.max() ?? 0
    let smallest = decimals.lazy.map { abs($0.value) }.filter { $0 > 0 }.min() ?? 0
    // Up to four decimals or six digits, and not both at once.
    let isPlain =
      largest == 0 || largest < 1e6 && largest >= 0.9e-3 && smallest >= 0.9e-4 && largest < 1.1e6 * smallest
    return decimals.map { isPlain ? $0.plain : $0.scientific }
  }

  /// `1,500`, `0.05`, `−2`: with as many places as the exponent says.
  var plain: String {
    let places = max(-exponent, 0)
    let zeros = mantissa == 0 ? 0 : max(exponent, 0)
    var digits = String(mantissa.magnitude) + String(repeating: "0", count: zeros)
    digits = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let whole = String(digits.dropLast(places))
    return sign + Self.grouped(whole) + (places > 0 ? "." + digits.suffix(places) : "")
  }

  /// `2.5×10⁻⁴`, `10⁶`.
  var scientific: String {
    guard mantissa != 0 else { return "0" }
    var digits = String(mantissa.magnitude)
    let power = exponent + digits.count - 1
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    let factor = digits.prefix(1) + (digits.count > 1 ? "." + digits.dropFirst() : "")
    return sign + (digits == "1" ? "" : factor + "×") + "10" + Self.superscript(power)
  }

  private var sign: String { mantissa < 0 ? "−" : "" }

  /// Digits in groups of three.
  private static func grouped(_ digits: String) -> String {
    var groups: [Substring] = []
    var rest = digits[...]
    while rest.count > 3 {
      groups.append(rest.suffix(3))
      rest = rest.dropLast(3)
    }
    return ([rest] + groups.reversed()).joined(separator: ",")
  }

  private static func superscript(_ power: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return (power < 0 ? "⁻" : "")
      + String(String(power.magnitude).compactMap { $0.wholeNumberValue.map { digits[$0] } })
  }
}
