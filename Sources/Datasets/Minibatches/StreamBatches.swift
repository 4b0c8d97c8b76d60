import Files
import Synchronization

/// The minibatches of a language model: one long sequence of tokens, read as B streams side by side.
///
/// Of n tokens, L = (n-1)/B are the inputs of each stream: stream b has the tokens from b·L up to (b+1)·L, and each
/// one's successor as its target. Window i covers the timesteps from i·T up to (i+1)·T; the last may be shorter. Read backward,
/// token i is the one that is i-th from the end.
///
/// Tokens are read in blocks of many windows, the next block while the windows of one are used. Memory: three blocks of some
/// 260,000 tokens, more only if a window of all streams has more.
package struct StreamBatches: Sendable {
  /// Those that are read.
  package let streams: Int
  /// T: timesteps in every window but the last.
  package let window: Int
  /// L: timesteps in a stream.
  package let length: Int
  private let blocks: StreamBlocks

  /// O(1): nothing is read yet.
  ///
  /// - Parameter part: reads only so many of the streams; nil: all.
  /// - Throws: `CorpusError.tooFewTokens` if a stream would be empty.
  package init(
    _ tokens: Column<Int32>, streams: Int, part: Range<Int>? = nil, window: Int, direction: ReadingDirection = .forward
  ) throws(CorpusError) {
    precondition(streams > 0 && window > 0, "streams and timesteps are positive")
    guard tokens.count > streams else { throw .tooFewTokens(count: tokens.count, streams: streams) }
    let part = part ?? 0..<streams
    self.streams = part.count
    self.window = window
    length = (tokens.count - 1) / streams
    blocks = StreamBlocks(direction.ordered(tokens), streams: part, length: length, window: window)
  }

  package var windowCount: Int { (length + window - 1) / window }

  /// The targets of all windows together.
  package var targetCount: Int { length * streams }

  package func timesteps(inWindow index: Int) -> Int { min(window, length - index * window) }

  /// Writes a window's inputs and targets.
  ///
  /// - Parameter index: from 0 up to `windowCount`.
  /// - Throws: what keeps the tokens from being read.
  package func fill(
    window index: Int, inputs: UnsafeMutablePointer<Int32>, targets: UnsafeMutablePointer<Int32>
  ) throws(FileError) {
    precondition((0..<windowCount).contains(index), "the window exists")
    let start = index * window
    try fill(timesteps: start..<start + timesteps(inWindow: index), inputs: inputs, targets: targets)
  }

  /// Writes inputs and targets of some timesteps of the streams, timestep by timestep: the t-th of stream b is row t·B + b.
  ///
  /// - Parameters:
  ///   - inputs: [timesteps · B] ids.
  ///   - targets: [timesteps · B] ids.
  /// - Throws: what keeps the tokens from being read.
  package func fill(
    timesteps: Range<Int>, inputs: UnsafeMutablePointer<Int32>, targets: UnsafeMutablePointer<Int32>
  ) throws(FileError) {
    precondition(timesteps.lowerBound >= 0 && timesteps.upperBound <= length, "streams have the timesteps")
    var start = timesteps.lowerBound
    while start < timesteps.upperBound {
      let block = try blocks.block(of: start)
      let part = start..<min(timesteps.upperBound, block.timesteps.upperBound)
      let offset = (start - timesteps.lowerBound) * streams
      block.copy(part, streams: streams, inputs: inputs + offset, targets: targets + offset)
      start = part.upperBound
    }
  }
}

/// Some timesteps of all streams.
private struct StreamBlock: Sendable {
  let timesteps: Range<Int>
  /// [streams][timesteps + 1]
  let tokens: [Int32]

  func copy(
    _ part: Range<Int>, streams: Int, inputs: UnsafeMutablePointer<Int32>, targets: UnsafeMutablePointer<Int32>
  ) {
    tokens.withUnsafeBufferPointer { tokens in
      for b in 0..<streams {
        let start = b * (timesteps.count + 1) + part.lowerBound - timesteps.lowerBound
        for t in 0..<part.count {
          inputs[t * streams + b] = tokens[start + t]
          targets[t * streams + b] = tokens[start + t + 1]
        }
      }
    }
  }
}

/// The streams block by block.
private final class StreamBlocks: Sendable {
  /// Timesteps of a block; the last one may have fewer.
  private let size: Int
  private let reading: ReadAhead<Int, StreamBlock, FileError>
  private let count: Int
  /// The last two that were asked for: a window may begin in one and end in the next.
  private let recent = Mutex<[(number: Int, block: StreamBlock)]>([])

  /// Tokens of a block.
  private static let tokensOfBlock = 1 << 18

  init(_ tokens: Column<Int32>, streams: Range<Int>, length: Int, window: Int) {
    let size = min(length, max(window, Self.tokensOfBlock / max(1, streams.count)))
    self.size = size
    count = (length + size - 1) / size
    reading = ReadAhead { number throws(FileError) in
      let timesteps = number * size..<min((number + 1) * size, length)
      var ids: [Int32] = []
      ids.reserveCapacity(streams.count * (timesteps.count + 1))
      for b in streams {
        let start = b * length + timesteps.lowerBound
        ids += try tokens.numbers(in: start..<start + timesteps.count + 1)
      }
      return StreamBlock(timesteps: timesteps, tokens: ids)
    }
  }

  /// The block that has a timestep.
  func block(of timestep: Int) throws(FileError) -> StreamBlock {
    let number = timestep / size
    if let block = recent.withLock({ $0.first { $0.number == number }?.block }) { return block }
    let block = try reading.value(number, following: count > 1 ? (number + 1) % count : nil)
    recent.withLock { $0 = $0.suffix(1) + [(number, block)] }
    return block
  }
}
