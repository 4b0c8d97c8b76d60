import Compute

extension Kernels {
  /// The plain loops that all other tables must equal.
  package static let portable = available[available.count - 1]
}

/// What stands around everything that a kernel writes: a NaN, so that reading it shows as well.
package let sentinel = Float(bitPattern: 0x7FC5_A5A5)

/// SplitMix64: test data that does not lean on the generator under test.
package struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// Floats between sentinels, at an address that is no multiple of a vector's size.
package final class GuardedFloats {
  private static let margin = 19
  private let memory: UnsafeMutableBufferPointer<Float>
  package let pointer: UnsafeMutablePointer<Float>
  package let count: Int

  package init(_ values: [Float]) {
    count = values.count
    memory = .allocate(capacity: count + 2 * Self.margin)
    memory.initialize(repeating: sentinel)
    pointer = UnsafeMutablePointer(rebasing: memory, from: Self.margin)
    self.values = values
  }

  deinit { memory.deallocate() }

  package var values: [Float] {
    get { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    set {
      precondition(newValue.count == count)
      for (index, value) in newValue.enumerated() { pointer[index] = value }
    }
  }

  /// Whether nothing around the floats was written.
  package var isIntact: Bool {
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
package func sameBits(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Bool {
  a.lazy.map(\.bitPattern).elementsEqual(b.lazy.map(\.bitPattern))
}
