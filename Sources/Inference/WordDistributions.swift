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

  /// The natural logarithm of a tag's probability.
  func logProbability(of tag: Int32, column: Int) -> Double
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

  package func logProbability(of tag: Int32, column: Int) -> Double {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: model.parameters.shape.classesOfOutputs[column]) { logits in
      self.logits(column: column, into: logits)
      return RankedClass.of(tag, by: UnsafeBufferPointer(logits)).logProbability
    }
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
  private let taggers: Int

  /// - Parameters:
  ///   - tags: how many each column has.
  ///   - taggers: that are going to say what they make of each word.
  init(words: Int, tags: [Int], taggers: Int) {
    self.taggers = taggers
    starts = tags.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    sums = Array(repeating: 0, count: words * tags.reduce(0, +))
  }

  /// Adds what one tagger makes of a word. Cost: O(tags).
  func add(_ word: ReadWord, at index: Int) {
    let base = index * starts[starts.count - 1]
    for column in 0..<starts.count - 1 {
      let count = starts[column + 1] - starts[column]
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { logits in
        word.logits(column: column, into: logits)
        let largest = Double(logits.max() ?? 0)
        withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { weights in
          var sum = 0.0
          for tag in 0..<count {
            weights[tag] = vanishingExponential(Double(logits[tag]) - largest)
            sum += weights[tag]
          }
          for tag in 0..<count { sums[base + starts[column] + tag] += weights[tag] / sum }
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
        result[tag] = Float(distributions.logMean(sum))
      }
    }

    func logProbability(of tag: Int32, column: Int) -> Double {
      let sums = distributions.sums(ofWord: index, column: column)
      return distributions.logMean(sums[sums.startIndex + Int(tag)])
    }
  }

  subscript(index: Int) -> Word { Word(distributions: self, index: index) }

  /// A probability too small for a number is as good as none.
  private func logMean(_ sum: Double) -> Double { naturalLogarithm(max(sum / Double(taggers), .leastNormalMagnitude)) }

  private func sums(ofWord index: Int, column: Int) -> ArraySlice<Double> {
    let base = index * starts[starts.count - 1]
    return sums[base + starts[column]..<base + starts[column + 1]]
  }
}
