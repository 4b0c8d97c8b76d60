/// The minibatches of a language model: one long sequence of tokens, read as B streams side by side.
///
/// Of n tokens, L = (n-1)/B are the inputs of each stream: stream b has the tokens from b·L up to (b+1)·L, and each
/// one's successor as its target. Window i covers the timesteps from i·T up to (i+1)·T; the last may be shorter. Read backward,
/// token i is the one that is i-th from the end.
package struct StreamBatches: Sendable {
  package let streams: Int
  /// T: timesteps in every window but the last.
  package let window: Int
  /// L: timesteps in a stream.
  package let length: Int
  private let tokens: [Int32]
  private let direction: ReadingDirection

  /// O(1): the tokens are shared, not copied.
  ///
  /// - Throws: `CorpusError.tooFewTokens` if a stream would be empty.
  package init(
    _ tokens: [Int32], streams: Int, window: Int, direction: ReadingDirection = .forward
  ) throws(CorpusError) {
    precondition(streams > 0 && window > 0, "streams and timesteps are positive")
    guard tokens.count > streams else { throw .tooFewTokens(count: tokens.count, streams: streams) }
    self.tokens = tokens
    self.direction = direction
    self.streams = streams
    self.window = window
    length = (tokens.count - 1) / streams
  }

  package var windowCount: Int { (length + window - 1) / window }

  /// The targets of all windows together.
  package var targetCount: Int { length * streams }

  package func timesteps(inWindow index: Int) -> Int { min(window, length - index * window) }

  /// Writes a window's inputs and targets.
  ///
  /// - Parameter index: from 0 up to `windowCount`.
  package func fill(
    window index: Int, inputs: UnsafeMutablePointer<Int32>, targets: UnsafeMutablePointer<Int32>
  ) {
    precondition((0..<windowCount).contains(index), "the window exists")
    let start = index * window
    fill(timesteps: start..<start + timesteps(inWindow: index), inputs: inputs, targets: targets)
  }

  /// Writes inputs and targets of some timesteps of the streams, timestep by timestep: the t-th of stream b is row t·B + b.
  ///
  /// - Parameters:
  ///   - inputs: [timesteps · B] ids.
  ///   - targets: [timesteps · B] ids.
  package func fill(
    timesteps: Range<Int>, inputs: UnsafeMutablePointer<Int32>, targets: UnsafeMutablePointer<Int32>
  ) {
    precondition(timesteps.lowerBound >= 0 && timesteps.upperBound <= length, "streams have the timesteps")
    let (first, step) = direction == .forward ? (0, 1) : (tokens.count - 1, -1)
    tokens.withUnsafeBufferPointer { tokens in
      for b in 0..<streams {
        let start = b * length + timesteps.lowerBound
        for t in 0..<timesteps.count {
          inputs[t * streams + b] = tokens[first + step * (start + t)]
          targets[t * streams + b] = tokens[first + step * (start + t + 1)]
        }
      }
    }
  }
}
