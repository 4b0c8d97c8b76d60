import CKernels
import Compute
import ComputeTestSupport
import Glibc
import Testing

/// The element-wise functions, with what they should be.
enum Function: CaseIterable {
  case tanh, relu, sigmoid, exp

  var kernel: ElementFunction {
    switch self {
    case .tanh: CK_TANH
    case .relu: CK_RELU
    case .sigmoid: CK_SIGMOID
    case .exp: CK_EXP
    }
  }

  func exact(_ x: Double) -> Double {
    switch self {
    case .tanh: Glibc.tanh(x)
    case .relu: max(x, 0)
    // The form for negative numbers has no sum that absorbs a small result.
    case .sigmoid: x < 0 ? Glibc.exp(x) / (1 + Glibc.exp(x)) : 1 / (1 + Glibc.exp(-x))
    case .exp: Glibc.exp(x)
    }
  }

  /// The largest error in units in the last place: what constants.h states, rounded up.
  var largestError: Double {
    switch self {
    case .tanh: 1.4
    case .relu: 0
    case .sigmoid: 1.5
    case .exp: 1.05
    }
  }

  /// f'(x) where y = f(x).
  func exactGradient(_ y: Double) -> Double {
    switch self {
    case .tanh: 1 - y * y
    case .relu: y > 0 ? 1 : 0
    case .sigmoid: y * (1 - y)
    case .exp: y
    }
  }
}

@Suite struct ElementFunctionTests {
  /// Every 4099th of all bit patterns: both signs, all exponents, infinities and NaN.
  private static let spread: [Float] = stride(from: 0, through: Int(UInt32.max), by: 4099).map {
    Float(bitPattern: UInt32($0))
  }

  /// All floats around the places where something changes: the functions' branches, the ends of exp's range and of the
  /// normal numbers, and halfway between two powers of two.
  private static let landmarks: [Float] = {
    let places: [Float] = [
      0, 0.625, 9.1, 17.3, 87.3, 88.7, 89, 103.3, 104, 0.5 * 0x1.62e430p-1, 1.5 * 0x1.62e430p-1, 1e-38,
    ]
    return places.flatMap { place in
      let middle = Int(place.bitPattern)
      return (max(middle - 2000, 0)...middle + 2000).flatMap { bits in
        let x = Float(bitPattern: UInt32(bits))
        return [x, -x]
      }
    }
  }()

  private func apply(_ kernels: Kernels, _ function: Function, _ x: [Float]) -> [Float] {
    var y = x
    y.withUnsafeMutableBufferPointer { y in
      guard let base = y.baseAddress else { return }
      kernels.apply(function.kernel, base, into: base, count: y.count)
    }
    return y
  }

  @Test(arguments: Function.allCases)
  func tablesAgreeOverTheWholeRange(function: Function) {
    for x in [Self.spread, Self.landmarks] {
      let expected = apply(.portable, function, x)
      for kernels in Kernels.available {
        #expect(sameBitsOrNaN(apply(kernels, function, x), expected), "\(kernels.name)")
      }
    }
  }

  @Test(arguments: Function.allCases)
  func resultsAreRightToTheLastPlaces(function: Function) {
    let x = Self.spread + Self.landmarks
    let y = apply(.portable, function, x)
    var (worst, place) = (0.0, Float(0))
    for (x, y) in zip(x, y) where !x.isNaN {
      let error = ulps(of: y, from: function.exact(Double(x)))
      if error > worst { (worst, place) = (error, x) }
    }
    #expect(worst <= function.largestError, "at \(place)")
  }

  @Test(arguments: Kernels.available)
  func notANumberStaysOne(kernels: Kernels) {
    for function in [Function.tanh, .sigmoid, .exp] {
      for bits: UInt32 in [0x7FC0_0000, 0xFFC0_0000, 0x7F80_0001, 0xFFFF_FFFF] {
        #expect(apply(kernels, function, [Float(bitPattern: bits)])[0].isNaN)
      }
    }
  }

  @Test func limits() {
    for (function, x, y) in [
      (Function.exp, Float.infinity, Float.infinity), (.exp, -.infinity, 0), (.exp, 0, 1), (.exp, 88.8, .infinity),
      (.exp, -103, .leastNonzeroMagnitude), (.exp, -104, 0), (.tanh, .infinity, 1), (.tanh, -.infinity, -1),
      (.tanh, 0, 0),
      (.tanh, 20, 1), (.tanh, -20, -1), (.sigmoid, .infinity, 1), (.sigmoid, -.infinity, 0), (.sigmoid, 0, 0.5),
      (.sigmoid, -103, .leastNonzeroMagnitude), (.relu, -.infinity, 0), (.relu, .infinity, .infinity), (.relu, -1, 0),
    ] {
      #expect(apply(.portable, function, [x]) == [y], "\(function)(\(x))")
    }
  }

  @Test(arguments: Kernels.available, Function.allCases)
  func everyCountAndNothingAround(kernels: Kernels, function: Function) {
    var random = TestRandom(state: 5)
    for count in 0...70 {
      let x = random.floats(count, in: -4...4)
      let expected = apply(.portable, function, x)
      let (source, target) = (GuardedFloats(x), GuardedFloats(x))
      kernels.apply(function.kernel, source.pointer, into: target.pointer, count: count)
      #expect(sameBits(target.values, expected) && sameBits(source.values, x))
      #expect(source.isIntact && target.isIntact)
      kernels.apply(function.kernel, source.pointer, into: source.pointer, count: count)
      #expect(sameBits(source.values, expected) && source.isIntact)
    }
  }

  @Test(arguments: Function.allCases)
  func gradients(function: Function) {
    var random = TestRandom(state: 6)
    for count in Array(0...70) + [1000] {
      let y = apply(.portable, function, random.floats(count, in: -9...9))
      let d = random.floats(count, in: -3...3)
      let expected = GuardedFloats(d)
      Kernels.portable.applyGradient(
        of: function.kernel, at: GuardedFloats(y).pointer, to: expected.pointer, count: count)
      for (index, value) in expected.values.enumerated() {
        let exact = Double(d[index]) * function.exactGradient(Double(y[index]))
        #expect(ulps(of: value, from: exact) < 2)
      }
      for kernels in Kernels.available {
        let (values, gradient) = (GuardedFloats(y), GuardedFloats(d))
        kernels.applyGradient(of: function.kernel, at: values.pointer, to: gradient.pointer, count: count)
        #expect(sameBits(gradient.values, expected.values), "\(kernels.name), \(count)")
        #expect(gradient.isIntact && values.isIntact && sameBits(values.values, y))
      }
    }
  }
}
