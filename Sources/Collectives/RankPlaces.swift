/// Stretches of memory of which each rank has one: all of them get what the others have in theirs. Made once, shared often:
/// nothing is allocated then.
package struct RankPlaces: Sendable {
  private let communicator: any Communicator
  private var outgoing, incoming: [Range<Int>]

  /// - Parameter places: [ranks] in words of 32 bits.
  package init(_ places: [Range<Int>], of communicator: any Communicator) {
    self.communicator = communicator
    outgoing = Array(repeating: 0..<0, count: communicator.count)
    incoming = outgoing
    move(to: places)
  }

  /// Shares other stretches from now on. Cost: O(ranks), no allocation.
  ///
  /// - Parameter places: [ranks] in words of 32 bits.
  package mutating func move(to places: [Range<Int>]) {
    precondition(places.count == communicator.count)
    for rank in places.indices where rank != communicator.rank {
      outgoing[rank] = places[communicator.rank]
      incoming[rank] = places[rank]
    }
  }

  /// Gives each rank what all have. Sends (ranks - 1) x (words of the own place).
  package func share(_ memory: UnsafeMutableRawPointer) {
    if outgoing.count > 1 { communicator.exchange(memory, outgoing, memory, incoming) }
  }
}
