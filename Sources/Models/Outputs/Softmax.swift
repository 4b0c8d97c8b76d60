import Compute
import Keys

/// One softmax over all classes: y_t = softmax(U h_t + b).
package struct Softmax: OutputKind {
  package init() {}

  package var name: String { "softmax" }
  package var canTieEmbeddings: Bool { true }
  package var suitsTags: Bool { true }

  package func addParameters(
    of shape: ModelShape, named name: String, embedding: Parameter.Handle, to builder: inout LayoutBuilder
  ) -> any OutputParameters {
    let weight =
      shape.tiesEmbeddings
      ? embedding : builder.addOutputWeight("\(name).weight", classes: shape.classes, inputs: shape.outputWidths)
    return SoftmaxParameters(
      weight: weight,
      bias: builder.addOutputBias(
        "\(name).bias", classes: shape.classes, inputs: shape.outputWidths))
  }
}

/// U [classes, hidden] and b [classes].
private struct SoftmaxParameters: OutputParameters {
  let weight, bias: Parameter.Handle

  var distribution: Distribution { .softmax(weight: weight, bias: bias) }

  func makeLayer(_ context: OutputContext) -> any OutputLayer {
    SoftmaxOutput(context, weight: weight, bias: bias, targets: context.targets)
  }
}
