import Compute
import Datasets
import Models

/// Writes text by feeding a language model its own output.
///
/// `<unk>` is never written: it stands for words that the model can't name.
package final class TextGenerator {
  private let model: TrainedModel
  private let workers: Workers
  /// Those of the last call, for one with as many.
  private var streams: TokenStreams?

  /// Texts that are drawn side by side.
  private static let batch = 64

  /// - Parameter workers: for one text one thread is fastest, unless the model is a large one.
  package init(_ model: TrainedModel, workers: Workers = Workers(count: 1)) {
    self.model = model
    self.workers = workers
  }

  /// How far a text goes.
  package struct Extent: Sendable {
    /// Most tokens of a text.
    package var length: Int
    /// Where it ends before.
    package var end: TextEnd?

    package init(length: Int, end: TextEnd? = nil) {
      self.length = length
      self.end = end
    }
  }

  /// Draws a text that goes on from a prompt, as after the end of a line (see `TokenStreams.begin`). The prompt is part of the
  /// text, as it was typed.
  ///
  /// - Parameter emit: gets each piece of the text as soon as it is known.
  package func generate(
    prompt: String, _ extent: Extent, _ sampling: Sampling, emit: (_ piece: String) throws -> Void
  ) throws {
    try draw(0..<1, prompt: prompt, extent, sampling) { try emit($1) }
  }

  /// Draws several such texts side by side. Each is a function of the seed and of its number; the first is what `generate`
  /// writes.
  ///
  /// - Parameter emit: gets the texts in order, each when those that are drawn beside it are complete.
  package func generate(
    prompt: String, _ extent: Extent, _ sampling: Sampling, samples: Int, emit: (_ text: String) throws -> Void
  ) throws {
    for first in stride(from: 0, to: samples, by: Self.batch) {
      let batch = first..<min(first + Self.batch, samples)
      var texts = batch.map { _ in "" }
      try draw(batch, prompt: prompt, extent, sampling) { texts[$0 - first] += $1 }
      for text in texts { try emit(text) }
    }
  }

  private func draw(
    _ samples: Range<Int>, prompt: String, _ extent: Extent, _ sampling: Sampling,
    emit: (_ sample: Int, _ piece: String) throws -> Void
  ) throws {
    let tokens = try model.vocabulary.encode(prompt, model.tokenization)
    let ends = try extent.end?.tokens(of: model) ?? []
    let streams = self.streams(count: samples.count)
    streams.begin(with: tokens)
    if !prompt.isEmpty { for sample in samples { try emit(sample, prompt) } }
    var drawing = Drawing(
      model, streams, samples: samples, sampling, text: ContinuedText(after: prompt, model.tokenization))
    try drawing.run(length: extent.length, ends: ends, emit: emit)
  }

  /// The likeliest next tokens after a prompt, with their probabilities among all tokens.
  package func next(after prompt: String, count: Int) throws -> [RankedClass] {
    let streams = self.streams(count: 1)
    streams.begin(with: try model.vocabulary.encode(prompt, model.tokenization))
    return streams.map(first: 1) { _, logits in RankedClass.likeliest(count, by: logits) }.flatMap(\.self)
  }

  /// Texts by turns with somebody else's.
  package func conversation(_ extent: Extent, _ sampling: Sampling) throws -> Conversation {
    try Conversation(model, TokenStreams(model, count: 1, workers: workers), extent, sampling)
  }

  /// The likeliest text that a beam search finds, prompt included, and the runners-up, the likeliest first.
  ///
  /// - Parameter width: of the beam, and most texts that are returned.
  package func search(prompt: String, _ extent: Extent, width: Int) throws -> [FoundText] {
    let tokens = try model.vocabulary.encode(prompt, model.tokenization)
    let search = BeamSearch(
      width: width, length: extent.length, ends: try extent.end?.tokens(of: model) ?? [],
      // Unless there is nothing else.
      excluded: model.vocabulary.count > 1 ? model.vocabulary.unknownId : nil)
    return search.run(on: streams(count: width), after: tokens).map { hypothesis in
      var text = ContinuedText(after: prompt, model.tokenization)
      let pieces = hypothesis.tokens.map { text.append(model.vocabulary.tokens[Int($0)]) }
      return FoundText(
        text: prompt + pieces.joined(), tokens: hypothesis.tokens.count, logProbability: hypothesis.logProbability)
    }
  }

  /// What a search found.
  package struct FoundText: Sendable {
    package let text: String
    /// Those behind the prompt.
    package let tokens: Int
    /// Of these tokens, in nats.
    package let logProbability: Double
  }

  private func streams(count: Int) -> TokenStreams {
    if let streams, streams.count == count { return streams }
    let streams = TokenStreams(model, count: count, workers: workers)
    self.streams = streams
    return streams
  }
}

/// The text of tokens that go on from a prompt, with the spaces that belong between them.
struct ContinuedText {
  private var joiner: TextJoiner
  /// A space that was typed already isn't put in again.
  private var isSpaced: Bool

  init(after prompt: String, _ tokenization: Tokenization) {
    joiner = TextJoiner(tokenization)
    for token in tokenization.tokens(of: prompt) { _ = joiner.append(token) }
    isSpaced = !tokenization.kind.isSeamless && prompt.last?.isWhitespace == true
  }

  mutating func append(_ token: String) -> String {
    let piece = joiner.append(token)
    defer { isSpaced = false }
    return isSpaced && piece.first == " " ? String(piece.dropFirst()) : piece
  }
}
