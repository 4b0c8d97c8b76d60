import CKernels

/// Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3,
/// SC 2011).
///
/// A number is a pure function of (seed, purpose, step, position). There is no state to save, and who asks for which
/// number, in which order, on which thread, can't change it.
package struct Philox: Sendable {
  /// What numbers are drawn for; each purpose has a sequence of its own.
  package enum Purpose: UInt32, Sendable {
    case initialization, dropout, sampling, shuffling, synthetic, wordDropout, sweep, candidates
    case vocabularyDropout, windows
  }

  let key: (UInt32, UInt32)

  package init(seed: UInt64) { key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)) }

  /// Four words of 32 random bits.
  ///
  /// - Parameters:
  ///   - step: which step, epoch or stream the numbers belong to; below 2^32.
  ///   - block: counts blocks of four words within the step.
  package func words(_ purpose: Purpose, step: Int, block: Int) -> SIMD4<UInt32> {
    Self.words(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), UInt32(truncatingIfNeeded: step),
        purpose.rawValue),
      key: key)
  }

  /// 64 random bits.
  package func bits(_ purpose: Purpose, step: Int, position: Int) -> UInt64 {
    let words = words(purpose, step: step, block: position)
    return UInt64(words[0]) << 32 | UInt64(words[1])
  }

  /// A number in [0, 1), a multiple of 2^-24.
  package func uniform(_ purpose: Purpose, step: Int, position: Int) -> Float {
    Self.uniform(words(purpose, step: step, block: position >> 2)[position & 3])
  }

  /// A number in [0, 1), a multiple of 2^-53: for sampling from distributions of many small probabilities.
  package func uniformDouble(_ purpose: Purpose, step: Int, position: Int) -> Double {
    Double(bits(purpose, step: step, position: position) >> 11) * 0x1p-53
  }

  /// The upper 24 bits as a number in [0, 1).
  package static func uniform(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

  /// The generator itself: ten rounds over a counter.
  package static func words(counter: SIMD4<UInt32>, key: (UInt32, UInt32)) -> SIMD4<UInt32> {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let product0 = UInt64(0xD251_1F53) * UInt64(c[0])
      let product1 = UInt64(0xCD9E_8D57) * UInt64(c[2])
      c = SIMD4(
        UInt32(truncatingIfNeeded: product1 >> 32) ^ c[1] ^ k.0, UInt32(truncatingIfNeeded: product1),
        UInt32(truncatingIfNeeded: product0 >> 32) ^ c[3] ^ k.1, UInt32(truncatingIfNeeded: product0))
      k = (k.0 &+ 0x9E37_79B9, k.1 &+ 0xBB67_AE85)
    }
    return c
  }
}

// Many numbers at once.
extension Philox {
  func sequence(_ purpose: Purpose, step: Int) -> ck_random {
    ck_random(key: key, purpose: purpose.rawValue, step: UInt32(truncatingIfNeeded: step))
  }

  /// Numbers in [0, 1) at some positions, each what `uniform` gives.
  ///
  /// - Parameter positions: begin at a multiple of 4.
  package func fill(
    _ numbers: UnsafeMutablePointer<Float>, uniform positions: Range<Int>, _ purpose: Purpose, step: Int
  ) {
    precondition(positions.lowerBound % 4 == 0)
    withUnsafePointer(to: sequence(purpose, step: step)) {
      ck_uniforms($0, UInt64(positions.lowerBound), positions.count, numbers)
    }
  }

  /// Numbers from the standard normal distribution, each the sum of twelve uniform ones less six: that needs no function
  /// whose last bits differ between machines. Its tails end at 6, which no initialisation notices.
  package func fill(_ numbers: UnsafeMutablePointer<Float>, normal positions: Range<Int>, _ purpose: Purpose, step: Int)
  {
    withUnsafePointer(to: sequence(purpose, step: step)) {
      ck_normals($0, UInt64(positions.lowerBound), positions.count, numbers)
    }
  }
}
