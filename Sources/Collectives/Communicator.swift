/// Several processes that train together, or threads that stand for them, each with a number, its rank: moves words between
/// them, and leaves every addition to who calls it, so that no library decides the order of a sum.
///
/// All ranks make the same calls in the same order, each from one thread.
package protocol Communicator: Sendable {
  var rank: Int { get }
  /// Ranks that there are.
  var count: Int { get }

  /// Sends some words of 32 bits to each rank and receives some of each.
  ///
  /// - Parameters:
  ///   - sent: where what is sent begins.
  ///   - outgoing: [count] the words of that for each rank; none for itself.
  ///   - received: where what is received begins.
  ///   - incoming: [count] where the words of each rank go; as many as that one sends.
  func exchange(
    _ sent: UnsafeRawPointer, _ outgoing: [Range<Int>], _ received: UnsafeMutableRawPointer, _ incoming: [Range<Int>])
}

extension Communicator {
  /// What every rank has, as many words each, in the order of ranks.
  package func gather(_ words: [UInt32]) -> [[UInt32]] {
    let places = (0..<count).map { $0 * words.count..<($0 + 1) * words.count }
    let outgoing = places.indices.map { $0 == rank ? 0..<0 : words.indices }
    let incoming = places.indices.map { $0 == rank ? 0..<0 : places[$0] }
    var all = [UInt32](repeating: 0, count: words.count * count)
    all.replaceSubrange(places[rank], with: words)
    words.withUnsafeBytes { words in
      all.withUnsafeMutableBytes { all in
        guard let sent = words.baseAddress, let received = all.baseAddress else { return }
        exchange(sent, outgoing, received, incoming)
      }
    }
    return places.map { Array(all[$0]) }
  }
}

/// One process: there is nobody to exchange anything with.
package struct Alone: Communicator {
  package init() {}

  package var rank: Int { 0 }
  package var count: Int { 1 }

  package func exchange(
    _ sent: UnsafeRawPointer, _ outgoing: [Range<Int>], _ received: UnsafeMutableRawPointer, _ incoming: [Range<Int>]
  ) {}
}
