import Datasets
import Models

/// Chooses the tags of a word by a tagger's distributions over them.
///
/// In one column it is the likeliest tag. Of several columns the tags are chosen together, among the combinations that words of
/// the training split have: the one whose tags' probabilities have the largest product. What no word of it says at once, a verb
/// with the features of a noun, is no answer. MorphoDiTa's taggers, which UDPipe 1 has, know but such combinations as well, each of
/// which is one tag there (Straková, Straka and Hajič: Open-Source Tools for Morphology, Lemmatization, POS Tagging and Named
/// Entity Recognition, ACL 2014).
///
/// Each column goes by itself where no combinations are known, and where a sentence's tags have a distribution together (a
/// conditional random field).
package struct TagDecoder {
  private let columns: Int
  /// [combination][column] ids, in ascending order; empty where each column goes by itself.
  private let combinations: [[Int32]]
  private let known: Set<[Int32]>
  /// [column] where its logits begin; [columns]: where they end.
  private let starts: [Int]

  /// - Parameter output: the kind of a tagger's output layers.
  package init(_ tagging: TaggingVocabulary, output: any OutputKind) {
    columns = tagging.columns.count
    combinations = output is Softmax && columns > 1 ? tagging.combinations : []
    known = Set(combinations)
    starts = tagging.columns.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.tags.count) }
  }

  /// [column] the tags' ids, of the word in some row of a minibatch that the tagger has read.
  ///
  /// Cost: O(columns) where the likeliest tags of all columns are a combination that is known, as those of most words are; else that of
  /// the logits, and O(combinations * columns).
  package func tags(_ model: SequenceModel, row: Int) -> [Int32] {
    let likeliest = (0..<columns).map { model.prediction(row: row, output: $0) }
    if combinations.isEmpty || known.contains(likeliest) { return likeliest }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: starts[columns]) { logits in
      for column in 0..<columns {
        let range = starts[column]..<starts[column + 1]
        model.logits(row: row, output: column, into: UnsafeMutableBufferPointer(rebasing: logits[range]))
      }
      return likeliestCombination(by: UnsafeBufferPointer(logits))
    }
  }

  /// The one with the largest sum of logits, of several such the first. What makes logits of them the logarithms of probabilities, a
  /// word's log of softmax's sum in each column, is the same for all.
  private func likeliestCombination(by logits: UnsafeBufferPointer<Float>) -> [Int32] {
    var (best, largest) = (combinations[0], -Double.infinity)
    for combination in combinations {
      var sum = 0.0
      for (column, tag) in combination.enumerated() { sum += Double(logits[starts[column] + Int(tag)]) }
      if sum > largest { (best, largest) = (combination, sum) }
    }
    return best
  }
}
