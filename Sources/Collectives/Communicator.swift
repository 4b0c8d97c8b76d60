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

  /// Leaves the others, which all do; nothing is exchanged any more.
  func finish()

  /// Ends the processes of all ranks, wherever they are.
  func abort(code: Int32)
}

// Who is alone, or in one process with the others, ends by itself.
extension Communicator {
  package func finish() {}
  package func abort(code: Int32) {}
}

/// A number, or none, as words that ranks exchange.
package enum NumberWords {
  package static func words(of number: Int?) -> [UInt32] {
    let bits = UInt64(bitPattern: Int64(number ?? 0))
    return [number == nil ? 0 : 1, bits.highWord, bits.lowWord]
  }

  /// - Parameter words: as `words` makes them; what follows isn't looked at.
  package static func number(of words: [UInt32]) -> Int? {
    words[0] == 0 ? nil : Int(truncatingIfNeeded: UInt64(high: words[1], low: words[2]))
  }
}

/// A number of 64 bits as two words.
extension UInt64 {
  package init(high: UInt32, low: UInt32) { self = UInt64(high) << 32 | UInt64(low) }

  package var highWord: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
  package var lowWord: UInt32 { UInt32(truncatingIfNeeded: self) }
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
