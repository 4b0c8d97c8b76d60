import Compute
import Datasets
import Models

/// The log-probabilities that a language model gives to lines of text.
///
/// Each line is read after the token that ends a sentence, from the zero state, or goes on where the line before ended. Lines
/// that don't go on stand side by side, those of similar length together; what stands beside a line never shows in its
/// numbers, nor does the number of threads. A model that follows the text reads line after line, too. Of a model that reads
/// from right to left a token's probability is that after all tokens behind it in its line, and that of the line's end says
/// that the line begins where it does.
package final class Scorer {
  /// What is read before a line's first token.
  package let context: Int32
  /// Whether a line goes on where the one before ended.
  package let carriesState: Bool
  private let direction: ReadingDirection
  /// Whether the last token of a line is its end.
  private let hasEnds: Bool
  /// How the model follows the lines.
  package let adaptation: Adaptation
  private let runner: AdaptiveRunner
  /// The token before the next line's first one, and whether there was a line before.
  private var last: Int32
  private var goesOn = false
  private let shape: LineWindows.Shape

  /// Lines side by side: enough for products to be at their best, in little memory.
  private static let sideBySide = LineWindows.Shape(lines: 512, rows: 64)
  private static let rowsAlone = 256

  /// - Parameter carriesState: only of a model that reads forward.
  package init(
    _ model: TrainedModel, carriesState: Bool, following adaptation: Adaptation = Adaptation(), workers: Workers
  ) {
    self.carriesState = carriesState
    self.adaptation = adaptation
    direction = model.direction
    precondition(!carriesState || direction == .forward, "read backward, a line goes on from the one behind it")
    let vocabulary = model.vocabulary
    hasEnds = vocabulary.sentenceEnd(model.tokenization) != nil || vocabulary.unknownId != nil
    context = vocabulary.beforeLine(model.tokenization)
    last = context
    let readsAlone = carriesState || !adaptation.isNone
    shape =
      readsAlone
      ? LineWindows.Shape(lines: 1, rows: adaptation.dynamic?.segment ?? Self.rowsAlone) : Self.sideBySide
    runner = AdaptiveRunner(model, adaptation, shape.capacity, workers: workers)
  }

  /// The scores of some lines, in their order. Where lines go on, the first of them goes on where the last call ended.
  ///
  /// Cost: a forward pass over all tokens; memory is at most 24 bytes for each of them, and one window.
  ///
  /// - Throws: `AdaptationError` if the parameters of a model that follows the lines have run away.
  package func score(_ lines: [TokenLine]) throws -> [LineScore] {
    let read = lines.map { direction.ordered(line: $0.tokens, hasEnd: hasEnds) }
    let values: [[Double]]
    if !adaptation.isNone {
      values = try read.map(scoreNext)
    } else {
      values = try carriesState ? scoreAsOne(read) : scoreApart(read)
    }
    return zip(lines, values).map { LineScore($0, direction.ordered(line: $1, hasEnd: hasEnds)) }
  }

  /// What follows the text does so in segments that begin with a line: they don't depend on which lines are scored together.
  private func scoreNext(_ tokens: [Int32]) throws -> [Double] {
    guard let end = tokens.last else { return [] }
    let values = try logProbabilities(of: [tokens], after: last)[0]
    if carriesState { (last, goesOn) = (end, true) }
    return values
  }

  private func scoreAsOne(_ lines: [[Int32]]) throws -> [[Double]] {
    var rest = try scoreNext(Array(lines.joined()))[...]
    return lines.map { line in
      defer { rest = rest.dropFirst(line.count) }
      return Array(rest.prefix(line.count))
    }
  }

  private func scoreApart(_ lines: [[Int32]]) throws -> [[Double]] {
    var result = lines.map { _ in [Double]() }
    let order = lines.indices.filter { !lines[$0].isEmpty }.sorted {
      (lines[$1].count, $0) < (lines[$0].count, $1)
    }
    for start in stride(from: 0, to: order.count, by: shape.lines) {
      let batch = order[start..<min(start + shape.lines, order.count)]
      let values = try logProbabilities(of: batch.map { lines[$0] }, after: context)
      for (line, values) in zip(batch, values) { result[line] = values }
    }
    return result
  }

  /// The log-probability of each token of lines side by side.
  ///
  /// - Parameter lines: the longest first, none of them empty.
  private func logProbabilities(of lines: [[Int32]], after context: Int32) throws -> [[Double]] {
    var result = lines.map { [Double](repeating: 0, count: $0.count) }
    let windows = LineWindows(lines, after: context, shape)
    try runner.run(over: windows, goesOn: goesOn) { minibatch, window, loss in
      windows.forEachToken(of: minibatch.timeline, window: window) { line, position, row in
        // Not the negative loss, which is -0 for what is certain.
        result[line][position] = 0 - loss(row)
      }
    }
    return result
  }
}

/// What a model makes of a line: all in nats.
package struct LineScore: Sendable {
  package let line: TokenLine
  /// The log-probability of each token after those before it.
  package let tokenLogProbabilities: [Double]
  /// Of the line, its unknown tokens as `<unk>`: the sum over its tokens in order.
  package let logProbability: Double
}

extension LineScore {
  fileprivate init(_ line: TokenLine, _ tokenLogProbabilities: [Double]) {
    self.init(
      line: line, tokenLogProbabilities: tokenLogProbabilities, logProbability: tokenLogProbabilities.reduce(0, +))
  }

  /// The same sum over the tokens that are known.
  ///
  /// - Parameter unknown: the id of `<unk>`, if there is one.
  package func logProbability(without unknown: Int32?) -> Double {
    zip(line.tokens, tokenLogProbabilities).reduce(0) { $0 + ($1.0 == unknown ? 0 : $1.1) }
  }
}
