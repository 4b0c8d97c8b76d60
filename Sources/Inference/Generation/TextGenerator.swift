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
  /// text, as it was typed. A model that reads from right to left writes what stands before it, down to a line's beginning.
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
    let tokens = try read(prompt)
    let ends = try EndTokens(extent.end, of: model, after: tokens)
    let streams = self.streams(count: samples.count)
    streams.begin(with: tokens)
    let text = ContinuedText(after: prompt, model, ends: ends)
    if !text.beginning.isEmpty { for sample in samples { try emit(sample, text.beginning) } }
    var drawing = Drawing(model, streams, samples: samples, sampling, text: text)
    try drawing.run(length: extent.length, emit: emit)
    for (sample, rest) in zip(samples, drawing.rests) where !rest.isEmpty { try emit(sample, rest) }
  }

  /// A prompt's tokens, in the order in which the model reads them.
  private func read(_ prompt: String) throws -> [Int32] {
    model.direction.ordered(try model.vocabulary.encode(model.read(prompt), model.tokenization))
  }

  /// The likeliest next tokens after a prompt, with their probabilities among all tokens; of a model that reads from right to
  /// left, those before it.
  package func next(after prompt: String, count: Int) throws -> [RankedClass] {
    let streams = self.streams(count: 1)
    streams.begin(with: try read(prompt))
    return streams.map(first: 1) { _, logits in RankedClass.likeliest(count, by: logits) }.flatMap(\.self)
  }

  /// Texts by turns with somebody else's.
  ///
  /// - Throws: `GenerationError.readsBackward`.
  package func conversation(_ extent: Extent, _ sampling: Sampling) throws -> Conversation {
    guard model.direction == .forward else { throw GenerationError.readsBackward(option: "--interactive") }
    return try Conversation(model, TokenStreams(model, count: 1, workers: workers), extent, sampling)
  }

  /// The likeliest text that a beam search finds, prompt included, and the runners-up, the likeliest first.
  ///
  /// - Parameter width: of the beam, and most texts that are returned.
  package func search(prompt: String, _ extent: Extent, width: Int) throws -> [FoundText] {
    let tokens = try read(prompt)
    let ends = try EndTokens(extent.end, of: model, after: tokens)
    let search = BeamSearch(
      width: width, length: extent.length, ends: ends,
      // Unless there is nothing else.
      excluded: model.vocabulary.count > 1 ? model.vocabulary.unknownId : nil)
    return search.run(on: streams(count: width), after: tokens).map { hypothesis in
      var text = ContinuedText(after: prompt, model, ends: ends)
      let pieces = hypothesis.tokens.map { text.append($0) }
      return FoundText(
        text: text.beginning + pieces.joined() + text.rest, tokens: hypothesis.tokens.count,
        logProbability: hypothesis.logProbability)
    }
  }

  /// What a search found.
  package struct FoundText: Sendable {
    package let text: String
    /// Those that were found, the prompt's not among them.
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
