/// Functions that decide parameters, of nothing but correctly rounded operations: a library's `pow` and `cos` may differ in
/// their last bits from one processor or version to the next.

/// base^exponent by squaring.
package func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, factor, left) = (1.0, base, exponent)
  while left > 0 {
    if left & 1 == 1 { result *= factor }
    factor *= factor
    left >>= 1
  }
  return result
}

/// cos(pi x) for x in 0...1, to about 15 digits: the Taylor series of sin(pi (1/2 - x)), whose terms fall below 1e-18.
package func cosine(halfTurns x: Double) -> Double {
  let angle = (0.5 - x) * Double.pi
  let square = angle * angle
  var (term, sum) = (angle, angle)
  for k in 1...12 {
    term *= -square / Double(2 * k * (2 * k + 1))
    sum += term
  }
  return sum
}

/// ln(x) for a normal x above 0, to about 15 digits: the exponent times ln 2, and the series of 2 artanh for what remains
/// within a square root of 2 from 1.
package func naturalLogarithm(_ x: Double) -> Double {
  var (significand, exponent) = (x.significand, Double(x.exponent))
  if significand > 1.4142135623730951 { (significand, exponent) = (significand / 2, exponent + 1) }
  let ratio = (significand - 1) / (significand + 1)
  let square = ratio * ratio
  var (power, sum) = (ratio, ratio)
  for k in 1...12 {
    power *= square
    sum += power / Double(2 * k + 1)
  }
  return exponent * naturalLogarithmOf2 + 2 * sum
}

/// e^x for x within 700 from 0, to about 15 digits: the Taylor series of what remains of whole powers of 2.
package func exponential(_ x: Double) -> Double {
  let doublings = (x / naturalLogarithmOf2).rounded()
  let rest = x - doublings * naturalLogarithmOf2
  var (term, sum) = (1.0, 1.0)
  for k in 1...16 {
    term *= rest / Double(k)
    sum += term
  }
  return Double(sign: .plus, exponent: Int(doublings), significand: sum)
}

/// e^x for x up to 700, and 0 where it is too small for a number that any sum would notice, or no number.
package func vanishingExponential(_ x: Double) -> Double { x > -700 ? exponential(x) : 0 }

private let naturalLogarithmOf2 = 0.6931471805599453
