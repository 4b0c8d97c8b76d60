/// Stretches of memory of which each rank has one: all of them get what the others have in theirs. Made once, shared often:
/// nothing is allocated then.
package struct RankPlaces: Sendable {
  private let communicator: any Communicator
  private let outgoing, incoming: [Range<Int>]

  /// - Parameter places: [ranks] in words of 32 bits.
  package init(_ places: [Range<Int>], of communicator: any Communicator) {
    precondition(places.count == communicator.count)
    let rank = communicator.rank
    self.communicator = communicator
    outgoing = places.indices.map { $0 == rank ? 0..<0 : places[rank] }
    incoming = places.indices.map { $0 == rank ? 0..<0 : places[$0] }
  }

  /// Gives each rank what all have. Sends (ranks - 1) x (words of the own place).
  package func share(_ memory: UnsafeMutableRawPointer) {
    if outgoing.count > 1 { communicator.exchange(memory, outgoing, memory, incoming) }
  }
}

extension Communicator {
  /// What every rank has, as many words each, in the order of ranks.
  package func gather(_ words: [UInt32]) -> [[UInt32]] {
    let places = (0..<count).map { $0 * words.count..<($0 + 1) * words.count }
    var all = [UInt32](repeating: 0, count: words.count * count)
    all.replaceSubrange(places[rank], with: words)
    all.withUnsafeMutableBytes { all in
      if let memory = all.baseAddress { RankPlaces(places, of: self).share(memory) }
    }
    return places.map { Array(all[$0]) }
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
