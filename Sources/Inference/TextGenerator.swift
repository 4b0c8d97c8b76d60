import Compute
import Datasets
import Foundation
import Models

/// How the next token is drawn from the model's distribution.
package struct Sampling: Sendable, Equatable {
  /// Divides the logits: below 1 likely tokens become likelier; 0 takes the likeliest.
  package var temperature = 1.0
  /// Only the K likeliest tokens, if given.
  package var topK: Int?
  /// Only the likeliest tokens that together have this probability, if given.
  package var topP: Double?
  package var seed: UInt64 = 1

  package init() {}

  /// Draws a token.
  ///
  /// - Parameters:
  ///   - position: counts the draws; with the seed it decides the random number.
  ///   - excluded: a token that is never drawn.
  package func draw(_ logits: UnsafeBufferPointer<Float>, position: Int, excluding excluded: Int32?) -> Int {
    var candidates = logits.indices.filter { $0 != excluded.map(Int.init) }
    if candidates.isEmpty { candidates = Array(logits.indices) }
    // Likeliest first; of equals, the smaller id.
    let precedes = { (a: Int, b: Int) in logits[a] > logits[b] || (logits[a] == logits[b] && a < b) }
    guard temperature > 0 else { return candidates.min(by: precedes) ?? 0 }
    if topK != nil || topP != nil { candidates.sort(by: precedes) }
    if let topK { candidates.removeLast(max(0, candidates.count - topK)) }
    let largest = Double(candidates.map { logits[$0] }.max() ?? 0)
    var weights = candidates.map { exp((Double(logits[$0]) - largest) / temperature) }
    var total = weights.reduce(0, +)
    if let topP {
      let needed = topP * total
      var sum = 0.0
      let count = weights.firstIndex { weight in
        sum += weight
        return sum >= needed
      }
      if let count {
        weights.removeLast(weights.count - count - 1)
        total = weights.reduce(0, +)
      }
    }
    var left = Philox(seed: seed).uniformDouble(.sampling, step: 0, position: position) * total
    for (candidate, weight) in zip(candidates, weights) {
      left -= weight
      if left < 0 { return candidate }
    }
    return candidates[weights.count - 1]
  }
}

/// Writes text by feeding a language model its own output.
package final class TextGenerator {
  private let runner: ModelRunner
  private let vocabulary: Vocabulary
  private let tokenization: Tokenization

  package init(_ model: TrainedModel) {
    let capacity = SequenceModel.Capacity(Timeline.Capacity(sequences: 1, timesteps: 1))
    let sequenceModel = SequenceModel(model.parameters, capacity, gradients: nil, workers: 1, carriesState: true)
    runner = ModelRunner(sequenceModel, sequenceModel.forwardPhases(), workers: Workers(count: 1))
    vocabulary = model.vocabulary
    tokenization = model.tokenization
  }

  /// Generates tokens after a prompt, as after the end of a line. The prompt is part of the text, as it was typed.
  ///
  /// Where the vocabulary has no line end, the prompt begins as a stream does, from nothing; without a prompt either, the most
  /// frequent token is read first.
  ///
  /// `<unk>` is never drawn: it stands for words that the model can't name.
  ///
  /// - Parameters:
  ///   - length: tokens to draw.
  ///   - emit: gets each piece of text as soon as it is known.
  package func generate(
    prompt: String, length: Int, sampling: Sampling, emit: (String) throws -> Void
  ) throws {
    let promptTokens = try vocabulary.encode(prompt, tokenization)
    var joiner = TextJoiner(tokenization)
    runner.model.resetState()
    if let lineEnd = vocabulary.sentenceEnd(tokenization) {
      feed(lineEnd)
    } else if promptTokens.isEmpty {
      // Something has to be read before anything is written; `<unk>` may never have been trained.
      feed(vocabulary.mostFrequentId ?? 0)
    }
    for token in promptTokens { feed(token) }
    for token in tokenization.tokens(of: prompt) { _ = joiner.append(token) }
    if !prompt.isEmpty { try emit(prompt) }
    // A space that was typed already isn't put in again.
    var isSpaced = tokenization != .character && prompt.last?.isWhitespace == true
    var logits = [Float](repeating: 0, count: vocabulary.count)
    for position in 0..<length {
      let next = logits.withUnsafeMutableBufferPointer { buffer in
        runner.model.logits(row: 0, into: buffer)
        return sampling.draw(UnsafeBufferPointer(buffer), position: position, excluding: vocabulary.unknownId)
      }
      let piece = joiner.append(vocabulary.tokens[next])
      try emit(isSpaced && piece.first == " " ? String(piece.dropFirst()) : piece)
      isSpaced = false
      feed(Int32(next))
    }
  }

  /// Reads a token; the model's logits then are those of the next one.
  private func feed(_ token: Int32) {
    runner.run { minibatch in
      minibatch.inputs[0] = token
      minibatch.prepare(timesteps: 1)
    } read: { _ in
    }
  }
}
