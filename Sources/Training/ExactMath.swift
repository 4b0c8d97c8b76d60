/// Functions that decide parameters, of nothing but correctly rounded operations: a library's `pow` and `cos` may differ in
/// their last bits from one processor or version to the next.

/// base^exponent by squaring.
func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, factor, left) = (1.0, base, exponent)
  while left > 0 {
    if left & 1 == 1 { result *= factor }
    factor *= factor
    left >>= 1
  }
  return result
}

/// cos(pi x) for x in 0...1, to about 15 digits: the Taylor series of sin(pi (1/2 - x)), whose terms fall below 1e-18.
func cosine(halfTurns x: Double) -> Double {
  let angle = (0.5 - x) * Double.pi
  let square = angle * angle
  var (term, sum) = (angle, angle)
  for k in 1...12 {
    term *= -square / Double(2 * k * (2 * k + 1))
    sum += term
  }
  return sum
}
