import Compute
import Testing

extension Kernels: CustomTestStringConvertible {
  package var testDescription: String { name }

  /// The plain loops that all other tables must equal.
  static let portable = available[available.count - 1]
}

/// What stands around everything that a kernel writes: a NaN, so that reading it shows as well.
let sentinel = Float(bitPattern: 0x7FC5_A5A5)

/// SplitMix64: test data that does not lean on the generator under test.
struct TestRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// Floats between sentinels, at an address that is no multiple of a vector's size.
final class GuardedFloats {
  private static let margin = 19
  private let memory: UnsafeMutableBufferPointer<Float>
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  init(_ values: [Float]) {
    count = values.count
    memory = .allocate(capacity: count + 2 * Self.margin)
    memory.initialize(repeating: sentinel)
    pointer = UnsafeMutablePointer(rebasing: memory, from: Self.margin)
    self.values = values
  }

  deinit { memory.deallocate() }

  var values: [Float] {
    get { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    set {
      precondition(newValue.count == count)
      for (index, value) in newValue.enumerated() { pointer[index] = value }
    }
  }

  /// Whether nothing around the floats was written.
  var isIntact: Bool {
    sameBits(memory.prefix(Self.margin), repeatElement(sentinel, count: Self.margin))
      && sameBits(memory.suffix(Self.margin), repeatElement(sentinel, count: Self.margin))
  }
}

extension UnsafeMutablePointer<Float> {
  /// The address of a buffer's element.
  fileprivate init(rebasing buffer: UnsafeMutableBufferPointer<Float>, from index: Int) {
    guard let base = buffer.baseAddress else { preconditionFailure("an empty buffer has no address") }
    self = base + index
  }
}

/// Equality to the bit: tells -0 from 0, and a NaN equals itself.
func sameBits(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Bool {
  a.lazy.map(\.bitPattern).elementsEqual(b.lazy.map(\.bitPattern))
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
