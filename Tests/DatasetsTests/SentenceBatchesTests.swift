import Datasets
import Testing

/// Random bits that depend on a key and a position alone.
private func bits(_ key: UInt64) -> (Int) -> UInt64 {
  { position in
    var bits = (UInt64(position) &+ key &* 1_000_003 &+ 1) &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}

private func sentences(_ batches: SentenceBatches) -> [[Int]] {
  (0..<batches.batchCount).map { Array(batches.sentences(ofBatch: $0)) }
}

@Suite struct SentenceBatchesTests {
  private let lengths = (0..<101).map { $0 * 37 % 11 }

  @Test func unshuffledBatchesGoFromLongToShort() {
    let batches = SentenceBatches([2, 5, 0, 5, 1, 3], size: 2)
    #expect(sentences(batches) == [[1, 3], [5, 0], [4]])
    #expect(batches.batchCount == 3 && batches.tokenCount == 16)
    #expect(batches.longest == 5 && batches.mostTokens == 10)
  }

  @Test(arguments: [1, 2, 7, 32, 91, 92, 1000])
  func everyShuffleHasAllSentencesOnce(size: Int) {
    let batches = SentenceBatches(lengths, size: size)
    let nonEmpty = lengths.indices.filter { lengths[$0] > 0 }
    #expect(batches.tokenCount == lengths.reduce(0, +))
    #expect(batches.batchCount == (nonEmpty.count + size - 1) / size)
    for key in 0..<20 as Range<UInt64> {
      let epoch = sentences(batches.shuffled(bits(key)))
      #expect(epoch.flatMap(\.self).sorted() == nonEmpty)
      #expect(epoch.count { $0.count != size } <= 1)
      for batch in epoch {
        #expect(zip(batch, batch.dropFirst()).allSatisfy { lengths[$0] >= lengths[$1] })
        #expect(batch.reduce(0) { $0 + lengths[$1] } <= batches.mostTokens)
      }
    }
  }

  @Test func aShuffleDependsOnTheRandomNumbersAlone() {
    let batches = SentenceBatches(lengths, size: 8)
    let first = sentences(batches.shuffled(bits(1)))
    #expect(sentences(batches.shuffled(bits(1))) == first)
    #expect(sentences(batches.shuffled(bits(2)).shuffled(bits(1))) == first)
    #expect(sentences(batches.shuffled(bits(2))) != first)
    #expect(first != sentences(batches))
  }

  @Test func lengthsInTheBatchesStayTheSame() {
    func shape(_ batches: SentenceBatches) -> [[Int]] {
      sentences(batches).map { $0.map { lengths[$0] } }.sorted { $0.lexicographicallyPrecedes($1) }
    }
    let batches = SentenceBatches(lengths, size: 8)
    for key in 0..<10 as Range<UInt64> { #expect(shape(batches.shuffled(bits(key))) == shape(batches)) }
  }

  /// Every order of three sentences of one length comes up about as often as every other.
  @Test func shufflesAreFair() {
    let batches = SentenceBatches([4, 4, 4], size: 3)
    var counts: [[Int]: Int] = [:]
    for key in 0..<6000 as Range<UInt64> { counts[sentences(batches.shuffled(bits(key)))[0], default: 0] += 1 }
    #expect(counts.count == 6 && counts.values.allSatisfy { (850...1150).contains($0) })
  }

  @Test(arguments: [[], [0, 0]] as [[Int]])
  func aSplitWithoutWordsHasNoBatches(lengths: [Int]) {
    let batches = SentenceBatches(lengths, size: 4).shuffled(bits(1))
    #expect(batches.batchCount == 0 && batches.tokenCount == 0 && batches.longest == 0 && batches.mostTokens == 0)
  }
}
