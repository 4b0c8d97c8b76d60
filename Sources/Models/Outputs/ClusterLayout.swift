/// How an output layer in two steps divides its tokens: a softmax over a shortlist of tokens and over clusters of the others
/// (the head), then for a token of a cluster one over the cluster's tokens. Both together are one distribution, which
/// sums to one as it stands.
///
/// Clusters are ranges of ids, which a vocabulary gives out by frequency. The layout is a function of the model's sizes
/// alone, so that a checkpoint needn't hold it.
package struct ClusterLayout: Sendable, Equatable {
  /// Tokens 0 ..< shortlist are classes of the head.
  package let shortlist: Int
  package let clusters: [Cluster]

  package struct Cluster: Sendable, Equatable {
    package let tokens: Range<Int>
    /// Width of the projection of the hidden state that is the cluster's input; nil: the input is the hidden state itself.
    let projection: Int?
  }

  /// Classes of the head's softmax.
  package var headClasses: Int { shortlist + clusters.count }

  /// Classes of about the same sum of the square roots of their tokens' frequencies, as in Mikolov's toolkit: that keeps
  /// rare tokens' classes from growing too large. Frequencies are Zipf's, 1 / (id + 1).
  init(wordClasses count: Int, vocabulary: Int) {
    var starts = [0]
    let total = (0..<vocabulary).reduce(0) { $0 + (1 / Double($1 + 1)).squareRoot() }
    var sum = 0.0
    for token in 0..<vocabulary - 1 where starts.count < count {
      sum += (1 / Double(token + 1)).squareRoot()
      if sum * Double(count) > total * Double(starts.count) { starts.append(token + 1) }
    }
    shortlist = 0
    clusters = zip(starts, starts.dropFirst() + [vocabulary]).map { start, end in
      Cluster(tokens: start..<end, projection: nil)
    }
  }

  /// PyTorch's AdaptiveLogSoftmaxWithLoss.
  init(cutoffs: [Int], divValue: Double, vocabulary: Int, hidden: Int) {
    precondition(
      zip([0] + cutoffs, cutoffs + [vocabulary]).allSatisfy { $0 < $1 }, "cutoffs ascend within the vocabulary")
    shortlist = cutoffs.first ?? vocabulary
    var divisor = 1.0
    clusters = zip(cutoffs, cutoffs.dropFirst() + [vocabulary]).map { start, end in
      divisor *= divValue
      return Cluster(tokens: start..<end, projection: max(1, Int(Double(hidden) / divisor)))
    }
  }
}

extension ModelShape {
  /// How the output layer divides its classes; nil where it doesn't.
  package var clusters: ClusterLayout? {
    switch output {
    case .softmax, .sampled: nil
    case .wordClasses(let count): ClusterLayout(wordClasses: count, vocabulary: classes)
    case .adaptive(let cutoffs, let divValue):
      ClusterLayout(cutoffs: cutoffs, divValue: divValue, vocabulary: classes, hidden: outputWidths.total)
    }
  }
}
