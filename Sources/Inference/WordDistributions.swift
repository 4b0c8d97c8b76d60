import Compute
import Models

/// What taggers make of a word: of each column a distribution over its tags.
package protocol WordDistributions {
  /// A column's likeliest tag; where a sentence's tags have a distribution together, the one in its likeliest sequence.
  func likeliest(column: Int) -> Int32

  /// A column's logits: logarithms of what softmax makes the probabilities.
  ///
  /// - Parameter result: [tags of the column]
  func logits(column: Int, into result: UnsafeMutableBufferPointer<Float>)
}

/// A word that one tagger has read, until it reads the next minibatch.
package struct ReadWord: WordDistributions {
  private let model: SequenceModel
  private let row: Int

  /// - Parameter row: the word's, in the minibatch.
  package init(_ model: SequenceModel, row: Int) { (self.model, self.row) = (model, row) }

  package func likeliest(column: Int) -> Int32 { model.prediction(row: row, output: column) }

  package func logits(column: Int, into result: UnsafeMutableBufferPointer<Float>) {
    model.logits(row: row, output: column, into: result)
  }
}

/// Words that several taggers have read one after the other: a word's probabilities are the means of theirs.
///
/// Where a sentence's tags have a distribution together, those of a word are the sums over all sequences, and the likeliest tag is
/// that of the word by itself.
final class MeanDistributions {
  /// [column] where its tags begin among those of all; [columns]: how many there are.
  private let starts: [Int]
  /// [word][tags of all columns] sums of probabilities.
  private var sums: [Double]
  private var taggers = 0

  /// - Parameters:
  ///   - tags: how many each column has.
  init(words: Int, tags: [Int]) {
    starts = tags.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    sums = Array(repeating: 0, count: words * tags.reduce(0, +))
  }

  /// Before what another tagger says is added.
  func beginTagger() { taggers += 1 }

  /// Cost: O(tags).
  func add(_ word: ReadWord, at index: Int) {
    let base = index * starts[starts.count - 1]
    for column in 0..<starts.count - 1 {
      let count = starts[column + 1] - starts[column]
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { logits in
        word.logits(column: column, into: logits)
        let normalizer = RankedClass.logSum(UnsafeBufferPointer(logits))
        for tag in 0..<count {
          sums[base + starts[column] + tag] += vanishingExponential(Double(logits[tag]) - normalizer)
        }
      }
    }
  }

  /// One of the words.
  struct Word: WordDistributions {
    fileprivate let distributions: MeanDistributions
    fileprivate let index: Int

    /// Of equals the first one.
    func likeliest(column: Int) -> Int32 {
      let sums = distributions.sums(ofWord: index, column: column)
      return Int32(sums.indices.reduce(sums.startIndex) { sums[$1] > sums[$0] ? $1 : $0 } - sums.startIndex)
    }

    func logits(column: Int, into result: UnsafeMutableBufferPointer<Float>) {
      for (tag, sum) in distributions.sums(ofWord: index, column: column).enumerated() {
        // A probability too small for a number is as good as none.
        let mean = max(sum / Double(distributions.taggers), .leastNormalMagnitude)
        result[tag] = Float(naturalLogarithm(mean))
      }
    }
  }

  subscript(index: Int) -> Word { Word(distributions: self, index: index) }

  private func sums(ofWord index: Int, column: Int) -> ArraySlice<Double> {
    let base = index * starts[starts.count - 1]
    return sums[base + starts[column]..<base + starts[column + 1]]
  }
}
