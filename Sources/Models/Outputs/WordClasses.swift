import Compute
import Keys

/// A softmax over word classes, then one over the tokens of a class (Goodman: Classes for Fast Maximum Entropy Training, ICASSP
/// 2001; Mikolov et al.: Extensions of Recurrent Neural Network Language Model, ICASSP 2011).
package struct WordClasses: OutputKind {
  /// nil: the square root of the vocabulary's size.
  package var classes: Int?

  package init(_ classes: Int? = nil) { self.classes = classes }

  package var name: String { "class" }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.optional(
      "classes", &classes, .whole(1...1_000_000), "word classes, by frequency; absent: the vocabulary's square root")
  }

  /// Classes of about the same sum of the square roots of their tokens' frequencies, as in Mikolov's toolkit: that keeps
  /// rare tokens' classes from growing too large. Frequencies are Zipf's, 1 / (id + 1).
  package func clusters(of shape: ModelShape) -> ClusterLayout? { layout(vocabulary: shape.classes) }

  private func layout(vocabulary: Int) -> ClusterLayout {
    let count = classes ?? Int(Double(vocabulary).squareRoot().rounded())
    var starts = [0]
    let total = (0..<vocabulary).reduce(0) { $0 + (1 / Double($1 + 1)).squareRoot() }
    var sum = 0.0
    for token in 0..<vocabulary - 1 where starts.count < count {
      sum += (1 / Double(token + 1)).squareRoot()
      if sum * Double(count) > total * Double(starts.count) { starts.append(token + 1) }
    }
    return ClusterLayout(
      shortlist: 0,
      clusters: zip(starts, starts.dropFirst() + [vocabulary]).map { start, end in
        ClusterLayout.Cluster(tokens: start..<end, projection: nil)
      })
  }

  /// One weight of all tokens, with the classes' beside it.
  package func addParameters(
    of shape: ModelShape, named name: String, embedding: Parameter.Handle, to builder: inout LayoutBuilder
  ) -> any OutputParameters {
    let (layout, inputs) = (layout(vocabulary: shape.classes), shape.outputWidths)
    let weight = builder.addOutputWeight("\(name).weight", classes: shape.classes, inputs: inputs)
    let bias = builder.addOutputBias("\(name).bias", classes: shape.classes, inputs: inputs)
    return ClusteredParameters(
      layout: layout,
      headWeight: builder.addOutputWeight("\(name).class.weight", classes: layout.headClasses, inputs: inputs),
      headBias: builder.addOutputBias("\(name).class.bias", classes: layout.headClasses, inputs: inputs),
      tails: layout.clusters.map {
        ClusteredParameters.Tail(weight: weight, bias: bias, rows: $0.tokens, projection: nil)
      })
  }
}
