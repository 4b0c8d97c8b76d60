import Compute
import Foundation
import Testing

/// Functions that decide parameters against the system's, which are within a rounding of the truth.
@Suite struct ExactMathTests {
  @Test func logarithm() {
    for index in 1...20_000 {
      for x in [Double(index), 1 / Double(index), 1 + 1 / Double(index), pow(1.03, Double(index % 20_000 - 10_000))] {
        let expected = Foundation.log(x)
        #expect(abs(naturalLogarithm(x) - expected) <= 4e-16 * max(abs(expected), 0.1), "\(x)")
      }
    }
    #expect(naturalLogarithm(1) == 0)
  }

  @Test func exponentialFunction() {
    for index in -14_000...14_000 {
      let x = Double(index) / 20.3
      let expected = Foundation.exp(x)
      #expect(abs(exponential(x) - expected) <= (1e-15 + 2e-16 * abs(x)) * expected, "\(x)")
    }
    #expect(exponential(0) == 1)
  }
}
