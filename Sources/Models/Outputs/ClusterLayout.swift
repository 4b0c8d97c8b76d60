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

  /// The cluster of a token; nil for one of the shortlist, and for what counts for nothing. Cost: O(log clusters).
  func cluster(of token: Int32) -> Int? {
    guard token >= shortlist, token != Minibatch.masked else { return nil }
    var (low, high) = (0, clusters.count)
    while low < high {
      let middle = (low + high) / 2
      if clusters[middle].tokens.upperBound <= token { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether a layout of as many tokens or more has all of these where they are here: more may only be in the last cluster,
  /// or in the head where there is none.
  package func isKept(by other: ClusterLayout) -> Bool {
    guard !clusters.isEmpty else { return other.clusters.isEmpty }
    return shortlist == other.shortlist && clusters.count == other.clusters.count
      && zip(clusters, other.clusters).allSatisfy {
        $0.tokens.lowerBound == $1.tokens.lowerBound && $0.projection == $1.projection
      }
  }
}
