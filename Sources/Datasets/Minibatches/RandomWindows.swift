/// The windows of truncated BPTT that a stream is cut into where their lengths are random, so that a token isn't met at the same
/// place of a window in every epoch (Merity, Keskar and Socher: Regularizing and Optimizing LSTM Language Models, ICLR 2018,
/// section 4.1).
///
/// The lengths are drawn once; their order, and so where each window begins, is another one in each epoch. So all epochs have
/// the same number of steps, and memory for the longest window is enough for all of them.
package struct RandomWindows: Sendable {
  /// What lengths are like.
  package struct Distribution: Sendable, Equatable {
    /// The mean of most lengths.
    package var base: Int
    /// The share of the lengths whose mean is half of that.
    package var halved: Double
    /// Their standard deviation.
    package var deviation: Double
    /// No length is below it.
    package var shortest: Int

    package init(base: Int, halved: Double, deviation: Double, shortest: Int) {
      (self.base, self.halved, self.deviation, self.shortest) = (base, halved, deviation, shortest)
    }

    /// The length that two random numbers make: one from [0, 1), one from the standard normal distribution.
    fileprivate func length(_ uniform: Double, _ normal: Double, atMost limit: Int) -> Int {
      let mean = Double(base) * (uniform < halved ? 0.5 : 1)
      return Int(min(max((mean + deviation * normal).rounded(), Double(shortest)), Double(limit)))
    }
  }

  /// As they were drawn; their sum is the length of a stream.
  private let lengths: [Int]
  package let longest: Int

  /// Draws lengths until they fill a stream. What is left at its end is a window, or too short for one and goes to the window
  /// before. O(windows).
  ///
  /// - Parameters:
  ///   - length: timesteps in a stream.
  ///   - draw: numbers for the lengths, counted from 0: one from [0, 1), one from the standard normal distribution.
  package init(length: Int, _ distribution: Distribution, draw: (_ number: Int) -> (uniform: Double, normal: Double)) {
    precondition(length > 0 && distribution.shortest > 0, "streams and windows have timesteps")
    var (lengths, rest): ([Int], Int) = ([], length)
    while rest > 0 {
      let (uniform, normal) = draw(lengths.count)
      var next = distribution.length(uniform, normal, atMost: rest)
      if rest - next < distribution.shortest { next = rest }
      lengths.append(next)
      rest -= next
    }
    self.lengths = lengths
    longest = lengths.max() ?? 0
  }

  package var count: Int { lengths.count }

  /// The windows of an epoch, as timesteps of the streams, one behind the other. O(windows).
  ///
  /// - Parameter random: 64 random bits for each position.
  package func shuffled(_ random: (_ position: Int) -> UInt64) -> [Range<Int>] {
    var lengths = lengths
    lengths.shuffle(lengths.indices, random)
    var start = 0
    return lengths.map { length in
      defer { start += length }
      return start..<start + length
    }
  }
}
