import Datasets

/// Texts that are drawn side by side, a token of each at a time, and what they have come to.
struct Drawing {
  private let model: TrainedModel
  private let streams: TokenStreams
  private let samples: Range<Int>
  private let sampling: Sampling
  /// [samples]
  private var texts: [ContinuedText]
  /// How many tokens each text has had drawn: counts on from run to run.
  private var position = 0

  /// - Parameters:
  ///   - streams: one for each sample, which have read what comes before the texts.
  ///   - text: what each of them goes on from.
  init(
    _ model: TrainedModel, _ streams: TokenStreams, samples: Range<Int>, _ sampling: Sampling, text: ContinuedText
  ) {
    self.model = model
    self.streams = streams
    self.samples = samples
    self.sampling = sampling
    texts = samples.map { _ in text }
  }

  /// Draws until every text has so many more tokens, or one that ends it.
  ///
  /// - Parameter emit: gets each piece of a text as soon as it is known.
  /// - Returns: the token that each text has come to, nil without any.
  @discardableResult
  mutating func run(
    length: Int, emit: (_ sample: Int, _ piece: String) throws -> Void
  ) rethrows -> [Int32?] {
    let (samples, sampling, unknown) = (samples, sampling, model.vocabulary.unknownId)
    var last = [Int32?](repeating: nil, count: samples.count)
    for _ in 0..<length {
      let (position, hasEnded) = (position, texts.map(\.hasEnded))
      if !hasEnded.contains(false) { break }
      let tokens: [Int32] = streams.map(first: samples.count) { stream, logits in
        if hasEnded[stream] { return 0 }
        let sample = samples.lowerBound + stream
        return Int32(sampling.draw(logits, sample: sample, position: position, excluding: unknown))
      }
      for (stream, token) in tokens.enumerated() where !hasEnded[stream] {
        let piece = texts[stream].append(token)
        if !piece.isEmpty { try emit(samples.lowerBound + stream, piece) }
        last[stream] = token
      }
      streams.read { tokens[$0] }
      self.position += 1
    }
    return last
  }

  /// [samples] what of each text wasn't known before its last token.
  var rests: [String] { texts.map(\.rest) }

  /// Begins another text, which goes on from what the streams have read.
  mutating func begin(_ text: ContinuedText) { texts = samples.map { _ in text } }
}

/// A text that somebody and a language model that reads forward write by turns, line by line, in one state.
package final class Conversation {
  private let model: TrainedModel
  private let streams: TokenStreams
  private let extent: TextGenerator.Extent
  private let ends: EndTokens
  private var drawing: Drawing
  private var hasBegun = false

  init(
    _ model: TrainedModel, _ streams: TokenStreams, _ extent: TextGenerator.Extent, _ sampling: Sampling
  ) throws(GenerationError) {
    self.model = model
    self.streams = streams
    self.extent = extent
    ends = try EndTokens(extent.end, of: model, after: [])
    drawing = Drawing(
      model, streams, samples: 0..<1, sampling, text: ContinuedText(after: "", model, ends: ends))
  }

  /// Writes on from a line, up to the extent. The next line comes after the end of this one.
  ///
  /// - Parameter emit: gets each piece of what the model writes as soon as it is known.
  package func answer(_ line: String, emit: (_ piece: String) throws -> Void) throws {
    let tokens = try model.vocabulary.encode(line, model.tokenization)
    if hasBegun { streams.read(tokens) } else { streams.begin(with: tokens) }
    hasBegun = true
    drawing.begin(ContinuedText(after: line, model, ends: ends))
    let last = try drawing.run(length: extent.length) { try emit($1) }
    if let end = model.vocabulary.sentenceEnd(model.tokenization), last != [end] { streams.read([end]) }
  }
}
