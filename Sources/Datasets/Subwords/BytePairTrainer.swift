/// Learns the merges of BPE from pieces of text and their counts: again and again the most frequent pair of symbols becomes one.
///
/// Counts of pairs are kept up to date instead of being made anew: a merge costs the pieces that it changes. Of pairs with the same
/// count the one with the smaller ids comes first, so that the result depends on the counts alone. The same as in Hugging Face's
/// `BpeTrainer` with the alphabet of all bytes.
struct BytePairTrainer {
  /// By id: the 256 bytes first.
  private(set) var tokens: [String] = []
  private(set) var merges: [(left: Int32, right: Int32, result: Int32)] = []

  /// The symbols of all pieces, one piece after the other, in places of the length that it began with.
  private var symbols: [Int32] = []
  /// [pieces + 1]
  private var starts = [0]
  /// [pieces] how many symbols each has now.
  private var lengths: [Int] = []
  /// [pieces]
  private var counts: [Int] = []
  /// By the pair's number.
  private var pairs: [Pair] = []
  private var numbers: [UInt64: Int] = [:]
  private var heap = BinaryHeap<PairCandidate>()

  private struct Pair {
    let left, right: Int32
    var count = 0
    /// Pieces that have it, or have had it, some more than once.
    var pieces: [Int32] = []
  }

  /// - Parameters:
  ///   - pieces: different ones.
  ///   - counts: how often each occurs.
  ///   - size: tokens to learn, bytes included, at least 256.
  ///   - minimumCount: pairs that occur less often are left as they are; at least 1.
  init(pieces: TokenTable, counts: [Int], size: Int, minimumCount: Int) {
    var ids = [Int32](repeating: 0, count: 256)
    for byte in ByteAlphabet.byScalar {
      ids[Int(byte)] = Int32(tokens.count)
      tokens.append(ByteAlphabet.text(of: [byte]))
    }
    self.counts = counts
    for number in 0..<pieces.count {
      pieces.withBytes(of: number) { bytes in for byte in bytes { symbols.append(ids[Int(byte)]) } }
      lengths.append(symbols.count - starts[number])
      starts.append(symbols.count)
    }
    countPairs()
    var known = TokenTable(tokens)
    while tokens.count < size, let pair = mostFrequent(minimumCount) { merge(pair, &known) }
  }

  private mutating func countPairs() {
    for piece in lengths.indices {
      for position in starts[piece]..<starts[piece] + max(0, lengths[piece] - 1) {
        change(symbols[position], symbols[position + 1], by: counts[piece], in: piece)
      }
    }
    for number in pairs.indices { heap.push(candidate(number)) }
  }

  private func candidate(_ number: Int) -> PairCandidate {
    PairCandidate(
      count: pairs[number].count, key: PairTable.key(pairs[number].left, pairs[number].right), number: number)
  }

  /// - Returns: the pair's number.
  @discardableResult
  private mutating func change(_ left: Int32, _ right: Int32, by count: Int, in piece: Int) -> Int {
    let number = number(left, right)
    pairs[number].count += count
    if count > 0, pairs[number].pieces.last != Int32(piece) { pairs[number].pieces.append(Int32(piece)) }
    return number
  }

  private mutating func number(_ left: Int32, _ right: Int32) -> Int {
    let key = PairTable.key(left, right)
    if let number = numbers[key] { return number }
    numbers[key] = pairs.count
    pairs.append(Pair(left: left, right: right))
    return pairs.count - 1
  }

  /// The pair to merge next, nil if none is left that is frequent enough.
  private mutating func mostFrequent(_ minimumCount: Int) -> Int? {
    while let candidate = heap.pop() {
      let count = pairs[candidate.number].count
      if count == candidate.count { return count >= max(1, minimumCount) ? candidate.number : nil }
      // It has lost some since it was put in.
      if count > 0 { heap.push(self.candidate(candidate.number)) }
    }
    return nil
  }

  private mutating func merge(_ number: Int, _ known: inout TokenTable) {
    let (left, right) = (pairs[number].left, pairs[number].right)
    let token = tokens[Int(left)] + tokens[Int(right)]
    let result = known.insert(token)
    if Int(result) == tokens.count { tokens.append(token) }
    merges.append((left, right, result))
    let pieces = pairs[number].pieces
    pairs[number].pieces = []
    var gained: Set<Int> = []
    for piece in pieces { merge(left, right, to: result, in: Int(piece), &gained) }
    pairs[number].count = 0
    for number in gained where pairs[number].count > 0 { heap.push(candidate(number)) }
  }

  /// - Parameter gained: the numbers of pairs that have become more.
  private mutating func merge(_ left: Int32, _ right: Int32, to result: Int32, in piece: Int, _ gained: inout Set<Int>)
  {
    let (start, count) = (starts[piece], counts[piece])
    let end = start + lengths[piece]
    var (read, write) = (start, start)
    while read < end {
      guard read + 1 < end, symbols[read] == left, symbols[read + 1] == right else {
        symbols[write] = symbols[read]
        (read, write) = (read + 1, write + 1)
        continue
      }
      if write > start {
        change(symbols[write - 1], left, by: -count, in: piece)
        gained.insert(change(symbols[write - 1], result, by: count, in: piece))
      }
      if read + 2 < end {
        change(right, symbols[read + 2], by: -count, in: piece)
        gained.insert(change(result, symbols[read + 2], by: count, in: piece))
      }
      symbols[write] = result
      (read, write) = (read + 2, write + 1)
    }
    lengths[piece] = write - start
  }
}

/// A pair that may be merged: the most frequent first, of equals the one with the smaller ids.
private struct PairCandidate: HeapElement {
  let count: Int
  /// Of its ids, see `PairTable.key`.
  let key: UInt64
  let number: Int

  func precedes(_ other: Self) -> Bool { count != other.count ? count > other.count : key < other.key }
}
