/// Looks for the likeliest text: of all tokens by which the texts of a beam can go on, the likeliest few stay in it.
///
/// A text's measure is the sum of its tokens' log-probabilities, each among all tokens; nothing is divided by its length. So
/// where texts may end before the full length, short ones have an advantage, as they are likelier. Of equals, the text whose
/// tokens come first by their ids stays. A beam of one is the greedy text.
struct BeamSearch {
  /// Texts that are kept, of those under way and of those that have ended.
  let width: Int
  /// Most tokens of a text.
  let length: Int
  let ends: EndTokens
  /// A token that is never taken.
  let excluded: Int32?

  struct Hypothesis: Equatable {
    var tokens: [Int32] = []
    /// In nats.
    var logProbability = 0.0

    static func precedes(_ a: Self, _ b: Self) -> Bool {
      a.logProbability > b.logProbability
        || (a.logProbability == b.logProbability && a.tokens.lexicographicallyPrecedes(b.tokens))
    }
  }

  /// The likeliest texts that were found, up to `width` of them, the likeliest first.
  ///
  /// Cost: O(length * width * (vocabulary + width * log(width))) beside the model's.
  ///
  /// - Parameter streams: as many as the beam is wide.
  func run(on streams: TokenStreams, after prompt: [Int32]) -> [Hypothesis] {
    streams.begin(with: prompt)
    var beam = [Hypothesis()]
    var ended: [Hypothesis] = []
    for _ in 0..<length {
      // Whatever goes on becomes no likelier.
      if let likeliest = beam.first, ended.count == width, let last = ended.last, !Hypothesis.precedes(likeliest, last)
      {
        break
      }
      let steps = extensions(of: beam, on: streams)
      ended = Array((ended + steps.filter(\.isEnd).map(\.hypothesis)).sorted(by: Hypothesis.precedes).prefix(width))
      let goingOn = steps.filter { !$0.isEnd }
      beam = goingOn.map(\.hypothesis)
      if beam.isEmpty { break }
      streams.rearrange(goingOn.map(\.origin))
      streams.read { $0 < beam.count ? beam[$0].tokens.last ?? 0 : 0 }
    }
    return Array((ended + beam).sorted(by: Hypothesis.precedes).prefix(width))
  }

  private struct Step {
    let hypothesis: Hypothesis
    /// The place in the beam of the text that it goes on from.
    let origin: Int
    let isEnd: Bool
  }

  /// The likeliest texts that are one token longer.
  private func extensions(of beam: [Hypothesis], on streams: TokenStreams) -> [Step] {
    let (width, excluded) = (width, excluded)
    let next = streams.map(first: beam.count) { _, logits in
      RankedClass.likeliest(width, by: logits, excluding: excluded)
    }
    let steps = zip(beam, next).enumerated().flatMap { origin, pair in
      pair.1.map { token in
        Step(
          hypothesis: Hypothesis(
            tokens: pair.0.tokens + [token.id], logProbability: pair.0.logProbability + token.logProbability),
          origin: origin, isEnd: ends.isEnd(token.id, after: pair.0.tokens))
      }
    }
    return Array(steps.sorted { Hypothesis.precedes($0.hypothesis, $1.hypothesis) }.prefix(width))
  }
}
