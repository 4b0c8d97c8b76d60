import Datasets

/// An n-best list in the order that a language model puts it in.
package struct Rescoring {
  package let list: NBestList
  /// Of each hypothesis.
  package let scores: [LineScore]
  /// By which each hypothesis is placed, the higher the better.
  package let totals: [Double]

  /// - Parameters:
  ///   - scores: the model's, of each hypothesis.
  ///   - weight: of the model's log-probabilities beside the list's scores: total = score + weight · log-probability. Without
  ///     scores in the list the log-probability is all there is.
  ///   - logProbability: of a score, to the base that the list's scores have.
  package init(
    _ list: NBestList, _ scores: [LineScore], weight: Double, logProbability: (LineScore) -> Double
  ) {
    self.list = list
    self.scores = scores
    totals = zip(list.hypotheses, scores).map { hypothesis, score in
      hypothesis.score.map { $0 + weight * logProbability(score) } ?? logProbability(score)
    }
  }

  /// An utterance's hypotheses as positions in the list, the best first; of equals the one that the list has first.
  package func ranking(of utterance: NBestList.Utterance) -> [Int] {
    utterance.hypotheses.sorted { totals[$0] > totals[$1] || (totals[$0] == totals[$1] && $0 < $1) }
  }
}
