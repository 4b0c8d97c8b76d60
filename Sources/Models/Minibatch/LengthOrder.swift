import Compute

/// The order of sequences that a timeline asks for: the longest first, those of one length as they come. A counting sort in memory
/// of its own.
///
/// Between steps one thread writes; workers only read.
final class LengthOrder: @unchecked Sendable {
  // Unchecked: the rule above.

  /// [sequences] which of them comes at each place.
  private let numbers: Buffer<Int32>
  /// [longest + 2] sequences that are longer, while they are sorted.
  private let longer: Buffer<Int32>

  /// - Parameter capacity: most sequences, and the longest.
  init(_ capacity: Timeline.Capacity) {
    numbers = Buffer(count: capacity.sequences, repeating: 0)
    longer = Buffer(count: capacity.timesteps + 2, repeating: 0)
  }

  /// Cost: O(sequences + longest), no allocation.
  func sort(_ count: Int, length: (_ number: Int) -> Int) {
    let longest = longer.count - 2
    for length in 0..<longer.count { longer[length] = 0 }
    for number in 0..<count {
      let length = length(number)
      precondition(length <= longest, "a sequence is longer than the capacity allows")
      longer[length] += 1
    }
    // From how many have a length to how many are longer.
    var before: Int32 = 0
    for length in (0...longest).reversed() { (longer[length], before) = (before, before + longer[length]) }
    for number in 0..<count {
      let length = length(number)
      numbers[Int(longer[length])] = Int32(number)
      longer[length] += 1
    }
  }

  /// Which sequence comes at a place.
  subscript(place: Int) -> Int { Int(numbers[place]) }
}
