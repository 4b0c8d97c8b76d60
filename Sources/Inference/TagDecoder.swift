import Datasets
import Models

/// Chooses the tags of a word by a tagger's distributions over them.
///
/// In one column it is the likeliest tag. Of several columns the tags are chosen together, among the combinations that words of
/// the training split have: the one whose tags' probabilities have the largest product. What no word of it says at once, a verb
/// with the features of a noun, is no answer. MorphoDiTa's taggers, which UDPipe 1 has, know but such combinations as well, each of
/// which is one tag there (Straková, Straka and Hajič: Open-Source Tools for Morphology, Lemmatization, POS Tagging and Named
/// Entity Recognition, ACL 2014). A column in which a combination has no tag goes by its likeliest one.
///
/// Each column goes by itself where no combinations are known; for a word one of whose likeliest tags is in none of them; and where a
/// sentence's tags have a distribution together (a conditional random field).
package struct TagDecoder {
  private let columns: Int
  /// [combination][column] ids, in ascending order; empty where each column goes by itself.
  private let combinations: [[Int32]]
  private let known: Set<[Int32]>
  /// [column] the tags that are in some combination.
  private let combined: [Set<Int32>]
  /// [column] where its logits begin; [columns]: where they end.
  private let starts: [Int]

  /// - Parameter output: the kind of a tagger's output layers.
  package init(_ tagging: TaggingVocabulary, output: any OutputKind) {
    let columns = tagging.columns.count
    let combinations = output is Softmax && columns > 1 ? tagging.combinations : []
    (self.columns, self.combinations, known) = (columns, combinations, Set(combinations))
    combined = (0..<columns).map { column in Set(combinations.map { $0[column] }) }
    starts = tagging.columns.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.tags.count) }
  }

  /// [column] the tags' ids of a word.
  ///
  /// Cost: O(columns) where the likeliest tags of all columns are a combination that is known, as those of most words are; else that of
  /// the logits, and O(combinations * columns).
  package func tags(_ word: some WordDistributions) -> [Int32] {
    let likeliest = (0..<columns).map { word.likeliest(column: $0) }
    let goesByItself = !zip(likeliest, combined).allSatisfy { $1.contains($0) }
    if goesByItself || known.contains(likeliest) { return likeliest }
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: starts[columns]) { logits in
      for column in 0..<columns {
        let range = starts[column]..<starts[column + 1]
        word.logits(column: column, into: UnsafeMutableBufferPointer(rebasing: logits[range]))
      }
      return combination(by: UnsafeBufferPointer(logits), likeliest)
    }
  }

  /// The one with the largest sum of logits, of several such the first. What makes logits of them the logarithms of probabilities, a
  /// word's log of softmax's sum in each column, is the same for all.
  private func combination(by logits: UnsafeBufferPointer<Float>, _ likeliest: [Int32]) -> [Int32] {
    var (best, largest) = (likeliest, -Double.infinity)
    for combination in combinations {
      var sum = 0.0
      for column in 0..<columns {
        let tag = combination[column] == TaggingVocabulary.noTag ? likeliest[column] : combination[column]
        sum += Double(logits[starts[column] + Int(tag)])
      }
      if sum > largest { (best, largest) = (combination, sum) }
    }
    return zip(best, likeliest).map { $0 == TaggingVocabulary.noTag ? $1 : $0 }
  }
}
