import Foundation
import Inference
import Testing

/// How the next token is drawn.
@Suite struct SamplingTests {
  /// Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625.
  private static let probabilities = [0.5, 0.25, 0.125, 0.0625, 0.0625]
  private static let logits = probabilities.map { Float(log($0)) + 3 }

  private func frequencies(_ sampling: Sampling, excluding excluded: Int32? = nil, draws: Int = 20_000) -> [Double] {
    var counts = [Double](repeating: 0, count: Self.logits.count)
    Self.logits.withUnsafeBufferPointer { logits in
      for position in 0..<draws { counts[sampling.draw(logits, position: position, excluding: excluded)] += 1 }
    }
    return counts.map { $0 / Double(draws) }
  }

  private func expectClose(_ found: [Double], _ expected: [Double]) {
    // Four standard deviations of a share.
    for (found, expected) in zip(found, expected) {
      #expect(abs(found - expected) <= 4 * (expected * (1 - expected) / 20_000).squareRoot(), "\(found), \(expected)")
    }
  }

  @Test func drawsFromTheDistribution() { expectClose(frequencies(Sampling()), Self.probabilities) }

  @Test func temperatureSharpens() {
    var sampling = Sampling()
    sampling.temperature = 0.5
    let squares = Self.probabilities.map { $0 * $0 }
    expectClose(frequencies(sampling), squares.map { $0 / squares.reduce(0, +) })
    sampling.temperature = 0
    #expect(frequencies(sampling, draws: 10) == [1, 0, 0, 0, 0])
  }

  @Test func topKAndTopPCutTheTail() {
    var sampling = Sampling()
    sampling.topK = 2
    expectClose(frequencies(sampling), [2.0 / 3, 1.0 / 3, 0, 0, 0])
    sampling.topK = nil
    // The fewest tokens that have 80 % are three.
    sampling.topP = 0.8
    expectClose(frequencies(sampling), [4.0 / 7, 2.0 / 7, 1.0 / 7, 0, 0])
    sampling.topP = 1
    expectClose(frequencies(sampling), Self.probabilities)
  }

  @Test func anExcludedTokenIsDrawnOnlyWhereNothingElseIs() {
    expectClose(frequencies(Sampling(), excluding: 0), [0, 0.5, 0.25, 0.125, 0.125])
    let alone: [Float] = [1]
    alone.withUnsafeBufferPointer { #expect(Sampling().draw($0, position: 0, excluding: 0) == 0) }
  }

  @Test func aSeedDecidesTheDraws() {
    func draws(seed: UInt64) -> [Int] {
      var sampling = Sampling()
      sampling.seed = seed
      return Self.logits.withUnsafeBufferPointer { logits in
        (0..<50).map { sampling.draw(logits, position: $0, excluding: nil) }
      }
    }
    #expect(draws(seed: 1) == draws(seed: 1))
    #expect(draws(seed: 1) != draws(seed: 2))
  }
}
