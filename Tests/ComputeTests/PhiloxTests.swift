import Compute
import Testing

@Suite struct PhiloxTests {
  /// The known answers that Random123, the reference implementation, ships for philox4x32 with 10 rounds.
  @Test func knownAnswers() {
    #expect(
      Philox.words(counter: SIMD4(repeating: 0), key: (0, 0))
        == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    #expect(
      Philox.words(counter: SIMD4(repeating: 0xFFFF_FFFF), key: (0xFFFF_FFFF, 0xFFFF_FFFF))
        == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    #expect(
      Philox.words(
        counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: (0xA409_3822, 0x299F_31D0))
        == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  /// Which word of the counter and the key each argument becomes: it fixes what a seed means.
  @Test func argumentsFillTheCounter() {
    let random = Philox(seed: 0x299F_31D0_A409_3822)
    #expect(
      random.words(.sampling, step: 0x1319_8A2E, block: 0x05A3_08D3_243F_6A88)
        == Philox.words(counter: SIMD4(0x243F_6A88, 0x05A3_08D3, 0x1319_8A2E, 2), key: (0xA409_3822, 0x299F_31D0)))
    let purposes: [(Philox.Purpose, UInt32)] = [
      (.initialization, 0), (.dropout, 1), (.sampling, 2), (.shuffling, 3), (.synthetic, 4),
      (.wordDropout, 5), (.sweep, 6), (.candidates, 7), (.vocabularyDropout, 8),
    ]
    for (purpose, number) in purposes { #expect(purpose.rawValue == number) }
  }

  @Test func uniformNumbersTakeAllWordsInOrder() {
    let random = Philox(seed: 7)
    for position in 0..<40 {
      let word = random.words(.dropout, step: 3, block: position / 4)[position % 4]
      #expect(random.uniform(.dropout, step: 3, position: position) == Float(word >> 8) / 16_777_216)
    }
    #expect(Philox.uniform(0) == 0)
    #expect(Philox.uniform(UInt32.max) == 1 - 0x1p-24)
  }

  @Test(arguments: [0..<1, 0..<64, 4..<5, 8..<201, (1 << 34)..<(1 << 34) + 70])
  func manyAtOnceAreTheSameNumbers(positions: Range<Int>) {
    let random = Philox(seed: 0x1234_5678_9ABC)
    let uniform = Self.numbers(positions.count) { random.fill($0, uniform: positions, .dropout, step: 9) }
    #expect(uniform == positions.map { random.uniform(.dropout, step: 9, position: $0) })
    let sums = positions.map { position in
      (3 * position..<3 * position + 3).reduce(Float(-6)) { sum, block in
        let words = random.words(.initialization, step: 3, block: block)
        return (0..<4).reduce(sum) { $0 + Philox.uniform(words[$1]) }
      }
    }
    #expect(Self.normal(random, positions, step: 3) == sums)
  }

  private static func normal(_ random: Philox, _ positions: Range<Int>, step: Int = 0) -> [Float] {
    numbers(positions.count) { random.fill($0, normal: positions, .initialization, step: step) }
  }

  private static func numbers(_ count: Int, _ fill: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    var numbers = [Float](repeating: .nan, count: count)
    numbers.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { fill(base) } }
    return numbers
  }

  /// What a number depends on: another seed, purpose, step or position gives other numbers.
  @Test func everyArgumentMatters() {
    func numbers(_ seed: UInt64, _ purpose: Philox.Purpose, _ step: Int, from position: Int) -> [Float] {
      (position..<position + 16).map { Philox(seed: seed).uniform(purpose, step: step, position: $0) }
    }
    let base = numbers(1, .dropout, 5, from: 0)
    #expect(base == numbers(1, .dropout, 5, from: 0))
    for other in [
      numbers(2, .dropout, 5, from: 0), numbers(1 << 32 | 1, .dropout, 5, from: 0), numbers(1, .sampling, 5, from: 0),
      numbers(1, .dropout, 6, from: 0), numbers(1, .dropout, 5, from: 16), numbers(1, .dropout, 5, from: 1 << 34),
    ] {
      #expect(zip(base, other).allSatisfy { $0 != $1 })
    }
  }

  /// Mean of x^power over many draws.
  private func moment(_ power: Int, _ draws: [Double]) -> Double {
    draws.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } } / Double(draws.count)
  }

  @Test func momentsOfTheUniformDistribution() {
    let random = Philox(seed: 11)
    let count = 100_000
    let single = (0..<count).map { Double(random.uniform(.dropout, step: 0, position: $0)) }
    let double = (0..<count).map { random.uniformDouble(.sampling, step: 0, position: $0) }
    for draws in [single, double] {
      #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
      // Four standard deviations of each mean.
      for power in 1...4 {
        let mean = 1 / Double(power + 1)
        let variance = 1 / Double(2 * power + 1) - mean * mean
        #expect(abs(moment(power, draws) - mean) < 4 * (variance / Double(count)).squareRoot())
      }
      // Neighbours are independent.
      let products = zip(draws, draws.dropFirst()).map { ($0 - 0.5) * ($1 - 0.5) }
      #expect(abs(moment(1, products)) < 4 / 12 / Double(count).squareRoot())
    }
    #expect(double.contains { $0 * 0x1p24 != ($0 * 0x1p24).rounded() })
  }

  @Test func momentsOfTheNormalDistribution() {
    let random = Philox(seed: 12)
    let count = 100_000
    let draws = Self.normal(random, 0..<count).map(Double.init)
    #expect(draws.allSatisfy { abs($0) <= 6 })
    let deviation = 1 / Double(count).squareRoot()
    #expect(abs(moment(1, draws)) < 4 * deviation)
    #expect(abs(moment(2, draws) - 1) < 4 * 1.4 * deviation)
    #expect(abs(moment(3, draws)) < 4 * 3.7 * deviation)
    // A sum of twelve uniform numbers has a fourth moment of 3 - 1.2 / 12.
    #expect(abs(moment(4, draws) - 2.9) < 4 * 9 * deviation)
  }
}
