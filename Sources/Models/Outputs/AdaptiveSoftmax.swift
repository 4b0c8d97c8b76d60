import Compute
import Keys

/// The frequent tokens and some clusters in a first softmax, then one over the tokens of a cluster, of inputs the narrower the
/// rarer its tokens (Grave et al.: Efficient softmax approximation for GPUs, ICML 2017), as PyTorch's
/// AdaptiveLogSoftmaxWithLoss has it.
package struct AdaptiveSoftmax: OutputKind {
  /// The first token of each cluster, in ascending order, by frequency; nil: a fifteenth and a fifth of the vocabulary's size.
  package var cutoffs: [Int]?
  /// What the inputs of a cluster are narrower by than those of the one before.
  package var divValue: Double

  package init(cutoffs: [Int]? = nil, divValue: Double = 4) {
    self.cutoffs = cutoffs
    self.divValue = divValue
  }

  package var name: String { "adaptive" }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.optional(
      "cutoffs", &cutoffs, .ascendingWhole(1...Int.max),
      "where clusters begin, in words by frequency; absent: at 1/15 and 1/5 of the vocabulary")
    keys.value(
      "div_value", &divValue, .number(.atLeastOne), "how much narrower each cluster's inputs are than the one before's")
  }

  package func objections(classes: Int) -> [Objection] {
    let cutoffs = cutoffs(classes: classes)
    guard !cutoffs.allSatisfy({ $0 < classes }) else { return [] }
    return [
      Objection(
        key: "cutoffs", reason: "expected numbers below the vocabulary's size of \(classes), found \(cutoffs)")
    ]
  }

  private func cutoffs(classes: Int) -> [Int] {
    if let cutoffs { return cutoffs }
    // As in PyTorch's examples; a small vocabulary has fewer clusters, down to none.
    let share = Double(classes) / 15
    return [share.rounded(), 3 * share.rounded()].map { Int($0) }.filter { 0 < $0 && $0 < classes }
  }

  package func clusters(of shape: ModelShape) -> ClusterLayout? { layout(of: shape) }

  package func setting(keeping layout: ClusterLayout) -> String? {
    "cutoffs=\(layout.clusters.map(\.tokens.lowerBound))"
  }

  private func layout(of shape: ModelShape) -> ClusterLayout {
    let (cutoffs, vocabulary) = (cutoffs(classes: shape.classes), shape.classes)
    precondition(
      zip([0] + cutoffs, cutoffs + [vocabulary]).allSatisfy { $0 < $1 }, "cutoffs ascend within the vocabulary")
    var divisor = 1.0
    return ClusterLayout(
      shortlist: cutoffs.first ?? vocabulary,
      clusters: zip(cutoffs, cutoffs.dropFirst() + [vocabulary]).map { start, end in
        divisor *= divValue
        return ClusterLayout.Cluster(
          tokens: start..<end, projection: max(1, Int(Double(shape.outputWidths.total) / divisor)))
      })
  }

  /// By PyTorch's names.
  package func addParameters(
    of shape: ModelShape, named name: String, embedding: Parameter.Handle, to builder: inout LayoutBuilder
  ) -> any OutputParameters {
    let (inputs, layout) = (shape.outputWidths, layout(of: shape))
    let headWeight = builder.addOutputWeight("\(name).head.weight", classes: layout.headClasses, inputs: inputs)
    let tails = layout.clusters.enumerated().map { index, cluster in
      let (tail, tokens) = ("\(name).tail.\(index)", 0..<cluster.tokens.count)
      guard let width = cluster.projection else { preconditionFailure("each cluster has a projection") }
      let projection = builder.addOutputWeight("\(tail).0.weight", classes: width, inputs: inputs)
      let weight = builder.addOutputWeight("\(tail).1.weight", classes: tokens.count, inputs: Widths([width]))
      return ClusteredParameters.Tail(weight: weight, bias: nil, rows: tokens, projection: projection)
    }
    return ClusteredParameters(layout: layout, headWeight: headWeight, headBias: nil, tails: tails)
  }
}
