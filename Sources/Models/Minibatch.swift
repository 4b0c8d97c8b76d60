/// A minibatch [T, B] of token ids with their targets, time-major: row r = t * B + b.
///
/// Filled by the training loop between steps, read by all workers in a step.
package final class Minibatch: @unchecked Sendable {
  // Unchecked: one thread writes between steps, workers only read within one.

  /// B, the sequences side by side.
  package let streams: Int
  /// Most timesteps that fit.
  package let capacity: Int
  /// T of the current minibatch.
  package private(set) var timesteps = 0
  package let inputs: UnsafeMutablePointer<Int32>
  package let targets: UnsafeMutablePointer<Int32>

  /// Different token ids among the inputs, in order of first appearance.
  package private(set) var distinctCount = 0
  /// [distinctCount] the ids.
  package let distinctTokens: UnsafeMutablePointer<Int32>
  /// [rows] which of the distinct tokens a row has.
  package let slots: UnsafeMutablePointer<Int32>
  /// [rows] all rows, those of the first distinct token first, in order within each.
  package let rowsByToken: UnsafeMutablePointer<Int32>
  /// [distinctCount + 1] where a distinct token's rows begin in `rowsByToken`.
  package let rowStarts: UnsafeMutablePointer<Int32>
  /// [vocabulary] the slot of a token, -1 outside `prepare`.
  private let slotOfToken: UnsafeMutablePointer<Int32>

  /// A row whose target is this counts for nothing.
  package static let masked: Int32 = -1

  package init(streams: Int, timesteps: Int, vocabulary: Int) {
    self.streams = streams
    capacity = timesteps
    let rows = streams * timesteps
    func allocate(_ count: Int, _ value: Int32) -> UnsafeMutablePointer<Int32> {
      let pointer = UnsafeMutablePointer<Int32>.allocate(capacity: count)
      pointer.initialize(repeating: value, count: count)
      return pointer
    }
    inputs = allocate(rows, 0)
    targets = allocate(rows, Self.masked)
    distinctTokens = allocate(rows, 0)
    slots = allocate(rows, 0)
    rowsByToken = allocate(rows, 0)
    rowStarts = allocate(rows + 2, 0)
    slotOfToken = allocate(vocabulary, -1)
  }

  deinit {
    for pointer in [inputs, targets, distinctTokens, slots, rowsByToken, rowStarts, slotOfToken] {
      pointer.deallocate()
    }
  }

  package var rows: Int { timesteps * streams }

  /// Targets that count: what losses and gradients are divided by.
  package private(set) var targetCount = 0

  /// Takes over what was written to `inputs` and `targets`. Cost: O(rows).
  ///
  /// - Parameter timesteps: how many of the timesteps were written.
  package func prepare(timesteps: Int) {
    precondition(timesteps <= capacity)
    self.timesteps = timesteps
    targetCount = 0
    distinctCount = 0
    for row in 0..<rows {
      if targets[row] != Self.masked { targetCount += 1 }
      let token = Int(inputs[row])
      if slotOfToken[token] < 0 {
        slotOfToken[token] = Int32(distinctCount)
        distinctTokens[distinctCount] = inputs[row]
        rowStarts[distinctCount + 2] = 0
        distinctCount += 1
      }
      slots[row] = slotOfToken[token]
      rowStarts[Int(slots[row]) + 2] += 1
    }
    // Counting sort: starts are one place ahead while rows are put in, and end up where they belong.
    rowStarts[0] = 0
    rowStarts[1] = 0
    for slot in 0..<distinctCount { rowStarts[slot + 2] += rowStarts[slot + 1] }
    for row in 0..<rows {
      let slot = Int(slots[row])
      rowsByToken[Int(rowStarts[slot + 1])] = Int32(row)
      rowStarts[slot + 1] += 1
    }
    for slot in 0..<distinctCount { slotOfToken[Int(distinctTokens[slot])] = -1 }
  }
}
