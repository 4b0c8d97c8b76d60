/// Words of 32 bits that each rank has as many of, for all to know. Made once, shared often: nothing is allocated then.
package final class RankWords: @unchecked Sendable {
  // Unchecked: one thread writes and shares, and others read only meanwhile it doesn't.

  private let rank: Int
  private let places: [Range<Int>]
  private let sharing: RankPlaces
  private let memory: UnsafeMutableBufferPointer<UInt32>

  /// - Parameter count: of each rank.
  package init(_ count: Int, of communicator: any Communicator) {
    rank = communicator.rank
    places = (0..<communicator.count).map { $0 * count..<($0 + 1) * count }
    sharing = RankPlaces(places, of: communicator)
    memory = .allocate(capacity: max(1, count * communicator.count))
    memory.initialize(repeating: 0)
  }

  deinit { memory.deallocate() }

  package var ranks: Range<Int> { 0..<places.count }

  /// What others are going to get.
  package var own: UnsafeMutableBufferPointer<UInt32> { memory.extracting(places[rank]) }

  /// A rank's, of when they were shared the last time.
  package subscript(rank: Int) -> UnsafeBufferPointer<UInt32> { UnsafeBufferPointer(memory.extracting(places[rank])) }

  /// Gives all ranks what each has. Sends (ranks - 1) x (words of each).
  package func share() { if let base = memory.baseAddress { sharing.share(base) } }
}

extension Communicator {
  /// What every rank has, as many words each, in the order of ranks.
  package func gather(_ words: [UInt32]) -> [[UInt32]] {
    let all = RankWords(words.count, of: self)
    _ = all.own.update(fromContentsOf: words)
    all.share()
    return all.ranks.map { Array(all[$0]) }
  }

  /// The sum of the numbers that ranks have.
  package func sum(_ number: Int) -> Int {
    gather(NumberWords.words(of: number)).compactMap(NumberWords.number).reduce(0, +)
  }

  /// The least number that a rank has; nil if none has any.
  package func least(_ number: Int?) -> Int? {
    gather(NumberWords.words(of: number)).compactMap(NumberWords.number).min()
  }

  /// A number that the first rank has, or that it has none; what others give is of no account.
  package func first(_ number: Int?) -> Int? { NumberWords.number(of: gather(NumberWords.words(of: number))[0]) }
}
