import Compute
import ComputeTestSupport
import Testing

extension Kernels: CustomTestStringConvertible {
  package var testDescription: String { name }
}

/// The same for results of functions, where one NaN is as good as another.
func sameBitsOrNaN(_ a: [Float], _ b: [Float]) -> Bool {
  a.elementsEqual(b) { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
}

/// The distance of a result from the true value, in units of the spacing of floats at the true value.
func ulps(of result: Float, from truth: Double) -> Double {
  // From here on the nearest float is infinity.
  let overflow = 0x1.ffffffp127
  if result.isInfinite || abs(truth) >= overflow {
    return result.isInfinite && abs(truth) >= overflow && (result < 0) == (truth < 0) ? 0 : .infinity
  }
  let exponent = max(truth == 0 ? -149 : Int(truth.exponent) - 23, -149)
  return abs(Double(result) - truth) / Double(sign: .plus, exponent: exponent, significand: 1)
}
